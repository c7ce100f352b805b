// The control socket of a POP3 server: who is there, their end, what goes on; and whatever is thrown at it.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { endpoints, loadSchema } from '../../src/control/api.ts'
import { type Control, startControl } from '../../src/control/control.ts'
import { Observers } from '../../src/net/observer.ts'
import { keptLog, type Office, openOffice } from '../pop3/office.ts'

let folder: string
let path: string
let office: Office
let control: Control
let observers: Observers
/** What the next name waits for. */
let lookUp: Promise<void>
const log = keptLog()

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-control-'))
  path = join(folder, 'control.sock')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeEach(async () => {
  observers = new Observers()
  office = await openOffice({ messages: ['Subject: 1\n\nx\n', 'Subject: 2\n\ny\n'], observer: observers })
  lookUp = Promise.resolve()
  const nameOf = async (name: string) => {
    await lookUp
    return name === 'alice' ? name : undefined
  }
  control = await startControl({ path, observers, nameOf, storeQueue: () => 3, log: log.log })
})
afterEach(async () => {
  await control.close()
  await office.stop()
})

async function ask(
  method: string,
  target: string,
  body?: string,
): Promise<{ status: number; body: unknown }> {
  const outgoing = request({ socketPath: path, method, path: target })
  outgoing.end(body)
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  const text = (await response.setEncoding('utf8').toArray()).join('')
  return { status: response.statusCode ?? 0, body: JSON.parse(text) as unknown }
}

async function sessions() {
  return endpoints.sessions.answer.parse((await ask('GET', '/v1/sessions')).body).sessions
}

/** The first line of a stream. */
async function firstLine(method: string, target: string, body?: string): Promise<string> {
  const outgoing = request({ socketPath: path, method, path: target })
  outgoing.end(body)
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response) {
    text += String(chunk)
    if (text.includes('\n')) break
  }
  return text.split('\n', 1)[0] ?? ''
}

describe('sessions', () => {
  it('are listed with what is known of them', async () => {
    expect(await sessions()).toEqual([])
    const peer = await office.logIn()
    await peer.ask('STAT')
    expect(await sessions()).toEqual([
      {
        id: expect.any(String) as string,
        protocol: 'pop3',
        service: 'pop3',
        peer: '127.0.0.1',
        user: 'alice',
        mechanism: 'PASS',
        tls: null,
        state: 'transaction',
        octetsIn: expect.any(Number) as number,
        octetsOut: expect.any(Number) as number,
        commands: 3,
        ageMs: expect.any(Number) as number,
        idleMs: expect.any(Number) as number,
      },
    ])
    peer.drop()
  })

  it.each([
    ['by user', () => ({ user: 'alice' })],
    ['by network', () => ({ from: '127.0.0.0/8' })],
    ['by id', (id: string) => ({ session: id })],
  ])('are ended %s, and delete nothing', async (_how, selection) => {
    const peer = await office.logIn()
    await peer.ask('DELE 1')
    const [session] = await sessions()
    const { body } = await ask('POST', '/v1/sessions/end', JSON.stringify(selection(session?.id ?? '')))
    expect(endpoints.end.answer.parse(body).sessions).toMatchObject([{ id: session?.id, outcome: 'ended' }])
    expect(await peer.line()).toBe('-ERR [SYS/TEMP] the session was ended by an operator')
    expect(await sessions()).toEqual([])
    expect((await office.summary()).reason).toBe('killed')
    const again = await office.logIn()
    expect(await again.ask('STAT')).toMatch(/^\+OK 2 /)
    again.drop()
  })

  it('are not ended when others are meant', async () => {
    const peer = await office.logIn()
    for (const selection of [{ user: 'bob' }, { from: '192.0.2.1' }, { session: 'none' }]) {
      const { status, body } = await ask('POST', '/v1/sessions/end', JSON.stringify(selection))
      expect([status, body]).toEqual([200, { sessions: [] }])
    }
    expect(await peer.ask('NOOP')).toBe('+OK')
    peer.drop()
  })
})

it('a session in UPDATE is waited for, and what it does stands', async () => {
  await office.stop()
  let finish = () => {}
  const updating = new Promise<void>(resolve => {
    finish = resolve
  })
  office = await openOffice({
    messages: ['Subject: 1\n\nx\n'],
    observer: observers,
    wrap: store => ({
      ...store,
      async openMaildrop(...args: Parameters<typeof store.openMaildrop>) {
        const maildrop = await store.openMaildrop(...args)
        const update: typeof maildrop.update = async (...marks) => {
          await updating
          return maildrop.update(...marks)
        }
        return {
          ...maildrop,
          update,
          release: () => maildrop.release(),
          read: (...which) => maildrop.read(...which),
        }
      },
    }),
  })
  const peer = await office.logIn()
  await peer.ask('DELE 1')
  peer.send('QUIT\r\n')
  while ((await sessions())[0]?.state !== 'update');
  const ended = ask('POST', '/v1/sessions/end', JSON.stringify({ user: 'alice' }))
  expect(await sessions()).toHaveLength(1)
  finish()
  expect(endpoints.end.answer.parse((await ended).body).sessions).toMatchObject([{ outcome: 'finished' }])
  expect(await peer.line()).toMatch(/^\+OK signing off/)
})

describe('a stream', () => {
  it('follows a user', async () => {
    const traced = firstLine('POST', '/v1/trace', '{"user":"alice"}')
    while (observers.command === undefined && !log.lines.some(({ text }) => text === 'trace begins'))
      await new Promise(setImmediate)
    const peer = await office.logIn()
    expect(endpoints.trace.answer.parse(JSON.parse(await traced))).toMatchObject({
      from: 'note',
      text: 'begins: pop3 from 127.0.0.1',
    })
    peer.drop()
  })

  it('is not begun for who has gone while a name was looked up', async () => {
    let answer = () => {}
    lookUp = new Promise(resolve => {
      answer = resolve
    })
    const joined = vi.spyOn(observers, 'add')
    const outgoing = request({ socketPath: path, method: 'POST', path: '/v1/trace' })
    outgoing.on('error', () => undefined).end('{"user":"alice"}')
    await once(outgoing, 'finish')
    // Both come behind what went before them on this machine.
    await sessions()
    outgoing.destroy()
    await sessions()
    answer()
    await sessions()
    expect(joined).not.toHaveBeenCalled()
  })

  it('shows the load, and counts nothing when nobody looks any more', async () => {
    const watched = firstLine('GET', '/v1/load')
    while (observers.command === undefined) await new Promise(setImmediate)
    const peer = await office.logIn()
    const load = loadSchema.parse(JSON.parse(await watched))
    expect(load.storeQueue).toBe(3)
    expect(load.sessions).toEqual([{ protocol: 'pop3', state: 'transaction', count: 1 }])
    expect(load.users).toMatchObject([{ name: 'alice', sessions: 1 }])
    expect(load.peers).toMatchObject([{ name: '127.0.0.1', sessions: 1 }])
    expect(load.commands.map(({ verb }) => verb)).toEqual(['USER', 'PASS'])
    expect(load.logins).toMatchObject([{ outcome: 'accepted' }])
    expect(load.octetsInPerSecond).toBeGreaterThan(0)
    while (observers.command !== undefined) await new Promise(setImmediate)
    peer.drop()
  })
})

describe('what is no request of ours', () => {
  it.each([
    ['another version', 'GET', '/v2/sessions', undefined, 404],
    ['no version', 'GET', '/sessions', undefined, 404],
    ['an unknown path', 'GET', '/v1/secrets', undefined, 404],
    ['the wrong method', 'POST', '/v1/sessions', '{}', 404],
    ['no selection', 'POST', '/v1/sessions/end', undefined, 400],
    ['an empty selection', 'POST', '/v1/sessions/end', '{}', 400],
    ['two selections', 'POST', '/v1/sessions/end', '{"user":"alice","from":"127.0.0.1"}', 400],
    ['no network', 'POST', '/v1/sessions/end', '{"from":"everywhere"}', 400],
    ['no JSON', 'POST', '/v1/trace', '{"user":', 400],
    ['a number', 'POST', '/v1/trace', '{"user":7}', 400],
    ['more than fits', 'POST', '/v1/trace', ' '.repeat(5000), 413],
    ['nobody of that name', 'POST', '/v1/trace', '{"user":"nobody"}', 404],
    ['no such session', 'POST', '/v1/trace', '{"session":"none"}', 404],
  ])('is refused: %s', async (_why, method, target, body, status) => {
    const refused = await ask(method, target, body)
    expect(refused).toEqual({ status, body: { problem: expect.any(String) as string } })
  })

  it('does no harm: octets at random, half requests, headers without end', async () => {
    const starts = [
      '',
      'GET /v1/sessions HTTP/1.1\r\n',
      'POST /v1/trace HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n{',
    ]
    const octets = fc.uint8Array({ maxLength: 600 })
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...starts), octets, fc.boolean(), async (start, rest, isCut) => {
        const socket = connect(path)
        socket.on('error', () => {})
        socket.resume()
        await once(socket, 'connect')
        socket.write(Buffer.concat([Buffer.from(start), rest]))
        const closed = once(socket, 'close')
        if (isCut) socket.destroy()
        else socket.end()
        await closed
      }),
      { numRuns: 150 },
    )
    const flood = connect(path)
    flood.on('error', () => {})
    flood.resume()
    flood.write(`GET /v1/sessions HTTP/1.1\r\n${'X-Long: y\r\n'.repeat(10_000)}`)
    await once(flood, 'close')
    expect(await sessions()).toEqual([])
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([])
  })
})
