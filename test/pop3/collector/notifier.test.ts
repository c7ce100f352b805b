// Notices of sources in trouble: who is told what, how often, and what becomes of those that cannot be told.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { CollectedSource } from '../../../src/mail/collection-ledger.ts'
import type { RunSummary } from '../../../src/pop3/collector/events.ts'
import { Notifier, type NotifierOptions } from '../../../src/pop3/collector/notifier.ts'
import { newSource } from '../../../src/pop3/collector/source-state.ts'

const now = () => new Date('2026-11-20T12:00:00Z')
const well: RunSummary = {
  source: 'old',
  listed: 0,
  fetched: 0,
  fetchedOctets: 0,
  skipped: 0,
  failed: 0,
  parked: 0,
  deleted: 0,
  left: 0,
  durationMs: 0,
  trouble: undefined,
}
const trouble = { fault: 'unavailable', reason: 'no route', notBefore: undefined } as const
const stateOf = (more: Partial<CollectedSource> = {}): CollectedSource => ({
  ...newSource('old', 'pop3 ann@old.example:995'),
  ...more,
})

interface Heard {
  readonly method: string | undefined
  readonly type: string | undefined
  readonly notice: {
    readonly kind: string
    readonly source: string
    readonly text: string
    readonly at: string
  }
}

/** A webhook; status 0 never answers. */
async function startWebhook(first = 204) {
  const heard: Heard[] = []
  let status = first
  const server = createServer((request, response) => {
    const { method, headers } = request
    request.setEncoding('utf8')
    let body = ''
    request.on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      heard.push({ method, type: headers['content-type'], notice: JSON.parse(body) as Heard['notice'] })
      if (status > 0) response.writeHead(status, { location: '/' }).end()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    heard,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    answer: (next: number) => void (status = next),
  }
}

function setUp(options: Partial<NotifierOptions>) {
  const faults: (readonly [string, string])[] = []
  const lost: string[] = []
  const notifier = new Notifier({
    onFault: (error, source) => faults.push([source, error instanceof Error ? error.name : String(error)]),
    onLost: ({ source, kind }) => lost.push(`${source} ${kind}`),
    now,
    ...options,
  })
  onTestFinished(() => notifier.close())
  return { notifier, faults, lost }
}

function hastenTimeouts(): void {
  const timeout = AbortSignal.timeout.bind(AbortSignal)
  vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => timeout(300))
}

afterEach(() => void vi.restoreAllMocks())

describe('a webhook', () => {
  it('is told that a source is paused, as JSON, once', async () => {
    const { heard, url } = await startWebhook()
    const { notifier, faults } = setUp({ url })
    const state = stateOf({ paused: 'the login was refused 3 times', failures: 3 })
    for (let run = 0; run < 3; run++) await notifier.tell({ ...well, trouble }, state)
    const notice = {
      kind: 'paused',
      source: 'old',
      text: 'old is paused: the login was refused 3 times',
      at: '2026-11-20T12:00:00.000Z',
    }
    expect(heard).toEqual([{ method: 'POST', type: 'application/json', notice }])
    expect(faults).toEqual([])
  })

  it('is told of the third failure in a row, and when it is well again', async () => {
    const { heard, url } = await startWebhook()
    const { notifier } = setUp({ url })
    const told: number[] = []
    for (let failures = 1; failures <= 5; failures++) {
      await notifier.tell({ ...well, trouble }, stateOf({ failures, error: 'no route' }))
      told.push(heard.length)
    }
    expect(told).toEqual([0, 0, 1, 1, 1])
    expect(heard[0]?.notice).toMatchObject({
      kind: 'failing',
      text: 'old has failed 3 times in a row: no route',
    })
    for (let run = 0; run < 2; run++) await notifier.tell(well, stateOf())
    expect(heard.map(({ notice }) => notice.kind)).toEqual(['failing', 'well-again'])
    await notifier.tell({ ...well, trouble }, stateOf({ failures: 3, error: 'no route' }))
    expect(heard.map(({ notice }) => notice.kind)).toEqual(['failing', 'well-again', 'failing'])
  })

  it('is told of messages that could not be collected', async () => {
    const { heard, url } = await startWebhook()
    const { notifier } = setUp({ url })
    await notifier.tell({ ...well, failed: 3 }, stateOf())
    await notifier.tell({ ...well, failed: 3, parked: 2 }, stateOf())
    await notifier.tell(well, stateOf())
    expect(heard.map(({ notice }) => [notice.kind, notice.text])).toEqual([
      ['parked', '2 of old wait for you: `poplar collect list old` shows them'],
    ])
  })

  it('is told of each source by itself', async () => {
    const { heard, url } = await startWebhook()
    const { notifier } = setUp({ url })
    for (const source of ['one', 'two'])
      await notifier.tell({ ...well, source, trouble }, stateOf({ source, paused: 'x' }))
    await notifier.tell({ ...well, source: 'two' }, stateOf({ source: 'two' }))
    expect(heard.map(({ notice }) => `${notice.source} ${notice.kind}`)).toEqual([
      'one paused',
      'two paused',
      'two well-again',
    ])
  })

  it('is not told of a mailbox that somebody else has, nor of what has never been otherwise than well', async () => {
    const { heard, url } = await startWebhook()
    const { notifier } = setUp({ url })
    await notifier.tell(well, stateOf())
    await notifier.tell({ ...well, trouble: { ...trouble, fault: 'busy' } }, stateOf({ error: 'in use' }))
    expect(heard).toEqual([])
  })

  it.each([500, 302, 404])('that answers %d is a fault, no more', async status => {
    const { heard, url } = await startWebhook(status)
    const { notifier, faults } = setUp({ url })
    await notifier.tell(well, stateOf({ paused: 'x' }))
    expect(heard).toHaveLength(1)
    expect(faults.map(([source]) => source)).toEqual(['old'])
  })

  it('that hangs is given up', async () => {
    hastenTimeouts()
    const { url } = await startWebhook(0)
    const { notifier, faults } = setUp({ url })
    void notifier.tell(well, stateOf({ paused: 'x' }))
    await notifier.close()
    expect(faults).toEqual([['old', 'TimeoutError']])
  })
})

describe('a notice that cannot be told now', () => {
  const minuteMs = 60_000
  /** Lets time go by, and what it has begun come to its end. */
  async function pass(ms: number, isSo: () => boolean): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms)
    for (let turns = 0; !isSo(); turns++) {
      if (turns > 20_000) throw new Error('it never came to that')
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  const paused = (source: string) => stateOf({ source, paused: 'x' })
  const sources = (heard: readonly Heard[]) => heard.map(({ notice }) => notice.source)

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    vi.spyOn(Math, 'random').mockReturnValue(0.5)
  })
  afterEach(() => void vi.useRealTimers())

  it('is told later, ever more seldom, and those behind it after it', async () => {
    const { heard, url, answer } = await startWebhook(503)
    const { notifier, faults, lost } = setUp({ url })
    await notifier.tell(well, paused('one'))
    await notifier.tell(well, paused('two'))
    expect([sources(heard), faults.length]).toEqual([['one'], 1])
    await pass(minuteMs, () => faults.length === 2)
    await pass(minuteMs, () => true)
    expect(sources(heard)).toEqual(['one', 'one'])
    answer(204)
    await pass(minuteMs, () => heard.length === 4)
    expect(sources(heard)).toEqual(['one', 'one', 'one', 'two'])
    await notifier.tell({ ...well, source: 'two' }, stateOf({ source: 'two' }))
    expect(heard.at(-1)?.notice).toMatchObject({ source: 'two', kind: 'well-again' })
    expect([faults.length, lost]).toEqual([2, []])
  })

  it('is lost when the program ends, and that is said', async () => {
    const { heard, url } = await startWebhook(503)
    const { notifier, lost } = setUp({ url })
    for (const source of ['one', 'two']) await notifier.tell(well, paused(source))
    await notifier.close()
    expect(lost).toEqual(['one paused', 'two paused'])
    expect([heard.length, vi.getTimerCount()]).toEqual([1, 0])
    await notifier.tell(well, paused('three'))
    expect(lost).toHaveLength(3)
  })

  it('is given up after some hours, and the next is tried', async () => {
    const { heard, url } = await startWebhook(503)
    const { notifier, faults, lost } = setUp({ url })
    await notifier.tell(well, paused('one'))
    await notifier.tell(well, paused('two'))
    for (let attempts = 2; attempts <= 12; attempts++)
      await pass(60 * minuteMs, () => faults.length >= attempts)
    await pass(0, () => heard.length === 13)
    expect([lost, sources(heard).at(-1)]).toEqual([['one paused'], 'two'])
  })

  it.each([
    400, 404, 410,
  ])('is lost at once where the webhook says that it is of no use: %d', async status => {
    const { url } = await startWebhook(status)
    const { notifier, lost } = setUp({ url })
    await notifier.tell(well, paused('one'))
    expect([lost, vi.getTimerCount()]).toEqual([['one paused'], 0])
  })

  it.each([408, 425, 429])('is tried again where it is only too soon: %d', async status => {
    const { url } = await startWebhook(status)
    const { notifier, lost } = setUp({ url })
    await notifier.tell(well, paused('one'))
    expect([lost, vi.getTimerCount()]).toEqual([[], 1])
  })

  it('waits with no more than a hundred: the oldest are lost', async () => {
    const { url } = await startWebhook(503)
    const { notifier, lost } = setUp({ url })
    for (let n = 0; n < 102; n++) await notifier.tell(well, paused(`s${n}`))
    expect(lost).toEqual(['s0 paused', 's1 paused'])
  })

  it('keeps nothing back that a command can be told', async () => {
    const { url } = await startWebhook(503)
    const folder = mkdtempSync(join(tmpdir(), 'poplar-notifier-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'heard')
    const script = "fs.appendFileSync(process.argv[1], JSON.parse(fs.readFileSync(0)).source + ' ')"
    const { notifier, faults } = setUp({ url, command: [process.execPath, '-e', script, file] })
    for (const source of ['one', 'two']) await notifier.tell(well, paused(source))
    expect(readFileSync(file, 'utf8')).toBe('one two ')
    expect(faults).toHaveLength(1)
  })
})

describe('a command', () => {
  const write = 'fs.writeFileSync(process.argv[1], fs.readFileSync(0))'
  const programOf = (script: string, ...args: readonly string[]) => [process.execPath, '-e', script, ...args]

  it('gets the same JSON, and its arguments as they are', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'poplar-notifier-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'heard; $(exit) .json')
    const { heard, url } = await startWebhook()
    const { notifier, faults } = setUp({ url, command: programOf(write, file) })
    await notifier.tell(well, stateOf({ paused: 'x' }))
    expect(faults).toEqual([])
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(heard[0]?.notice)
    expect(heard[0]?.notice.kind).toBe('paused')
  })

  it.each([
    ['is not there', ['/nowhere/at/all']],
    ['fails', programOf('process.exit(3)')],
    ['has no name', []],
  ])('that %s is a fault, no more', async (_, command) => {
    const { heard, url } = await startWebhook()
    const { notifier, faults } = setUp({ url, command })
    await notifier.tell(well, stateOf({ paused: 'x' }))
    expect(faults).toHaveLength(1)
    expect(heard).toHaveLength(1)
  })

  it('that hangs is killed', async () => {
    hastenTimeouts()
    const { notifier, faults } = setUp({ command: programOf('setInterval(() => {}, 1000)') })
    await notifier.tell(well, stateOf({ paused: 'x' }))
    expect(faults).toEqual([['old', 'AbortError']])
  })

  it('that fails keeps no fault of the webhook back', async () => {
    const { url } = await startWebhook(500)
    const { notifier, faults } = setUp({ url, command: ['/nowhere/at/all'] })
    await notifier.tell(well, stateOf({ paused: 'x' }))
    expect(faults).toHaveLength(2)
  })
})

it('tells nothing where nobody is to be told', async () => {
  const fetching = vi.spyOn(globalThis, 'fetch')
  const { notifier, faults } = setUp({})
  await notifier.tell({ ...well, trouble }, stateOf({ paused: 'x', failures: 9 }))
  await notifier.close()
  expect(fetching).not.toHaveBeenCalled()
  expect(faults).toEqual([])
})
