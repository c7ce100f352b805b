// An office that sends traces, and what a collector gets of them.
import { afterEach, describe, expect, it } from 'vitest'
import { hashPassword } from '../../src/auth/password.ts'
import { parseConfig } from '../../src/config.ts'
import type { Log } from '../../src/net/log.ts'
import { createService, type Service } from '../../src/service.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { deliverByLmtp, LinePeer } from '../e2e/line-peer.ts'
import { Collector, type ReceivedSpan } from './collector.ts'

const message = Buffer.from('Subject: x\r\n\r\nbody\r\n')
const auth = Buffer.from('\0ann\0secret').toString('base64')

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

interface LogLine {
  readonly fields: Readonly<Record<string, unknown>>
  readonly text: string
}

async function start(endpoint: string): Promise<{ service: Service; lines: LogLine[] }> {
  const store = createMemoryStore()
  const lines: LogLine[] = []
  const keep = (fields: object, text: string) => void lines.push({ fields: { ...fields }, text })
  const log: Log = { debug() {}, info: keep, warn: keep, error: keep }
  const config = parseConfig(`
    hostname = "mail.test.example"
    [listen]
    pop3 = "127.0.0.1:0"
    lmtp = "127.0.0.1:0"
    [auth]
    argon2_memory = "8MiB"
    argon2_passes = 1
    [tracing]
    endpoint = "${endpoint}"
  `)
  const passwordHash = await hashPassword(Buffer.from('secret'), config.auth.argon2)
  await store.addAccount({ name: 'ann', passwordHash })
  const service = await createService(config, { store, log })
  closers.push(() => service.close())
  return { service, lines }
}

async function collector(status?: number): Promise<Collector> {
  const started = await Collector.start(status)
  closers.push(() => started.close())
  return started
}

function portOf({ listeners }: Service, name: string): number {
  return listeners.find(({ service }) => service === name)?.port ?? 0
}

/** The root span, and those under it in the order in which they began. */
function traceOf(spans: readonly ReceivedSpan[], name: string) {
  const root = spans.find(span => span.name === name)
  const children = spans
    .filter(({ parentSpanId }) => parentSpanId === root?.spanId)
    .sort((one, other) => Number(BigInt(one.startTimeUnixNano) - BigInt(other.startTimeUnixNano)))
  return { root, children }
}

async function fetchOne(service: Service): Promise<void> {
  const peer = await LinePeer.connect(portOf(service, 'pop3'))
  await peer.line()
  await peer.ask('AUTH PLAIN')
  await peer.ask(auth)
  peer.write('RETR 1\r\n')
  await peer.body()
  await peer.ask('DELE 1')
  await peer.ask('QUIT')
}

describe('traces', () => {
  it('have a session, its login, what it took and its UPDATE', async () => {
    const { spans, url, paths } = await collector()
    const { service, lines } = await start(url)
    await deliverByLmtp(portOf(service, 'lmtp'), ['ann@mail.test.example'], message)
    await fetchOne(service)
    await service.close()

    expect(new Set(paths)).toEqual(new Set(['POST /v1/traces']))
    const { root, children } = traceOf(spans, 'pop3 session')
    expect(children.map(({ name }) => name)).toEqual(['login', 'RETR', 'UPDATE'])
    expect(root?.attributes).toMatchObject({
      'network.peer.address': '127.0.0.1',
      'poplar.service': 'pop3',
      'poplar.end': 'quit',
      'poplar.commands': 5,
      'user.name': 'ann',
    })
    expect(children[0]?.attributes).toMatchObject({
      'poplar.mechanism': 'PLAIN',
      'poplar.result': 'ok',
      'user.name': 'ann',
    })
    for (const child of children) {
      expect(child.isError).toBe(false)
      expect(child.traceId).toBe(root?.traceId)
      expect(BigInt(child.startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(root?.startTimeUnixNano ?? 0))
      expect(BigInt(child.endTimeUnixNano)).toBeLessThanOrEqual(BigInt(root?.endTimeUnixNano ?? 0))
    }
    for (const text of ['login', 'pop3 session']) {
      const line = lines.find(each => each.text === text)
      expect(line?.fields).toMatchObject({ trace_id: root?.traceId, span_id: root?.spanId })
    }
  })

  it('have a delivery with its replies, one for each recipient', async () => {
    const { spans, url } = await collector()
    const { service, lines } = await start(url)
    await deliverByLmtp(portOf(service, 'lmtp'), ['ann@mail.test.example', 'ann@mail.test.example'], message)
    await service.close()
    const { root, children } = traceOf(spans, 'lmtp session')
    expect(children.map(({ name, attributes }) => [name, attributes['poplar.replies']])).toEqual([
      ['delivery', ['250', '250']],
    ])
    expect(lines.find(({ text }) => text === 'lmtp session')?.fields['trace_id']).toBe(root?.traceId)
  })

  it('tell what went wrong, and no secret', async () => {
    const received = await collector()
    const { service } = await start(received.url)
    await expect(LinePeer.logIn(portOf(service, 'pop3'), 'ann', 'hunter2')).rejects.toThrow()
    await expect(LinePeer.logIn(portOf(service, 'pop3'), 'hunter3', 'hunter2')).rejects.toThrow()
    await service.close()
    const logins = received.spans.filter(({ name }) => name === 'login')
    expect(logins.map(({ isError, attributes }) => [isError, attributes['poplar.result']])).toEqual([
      [true, 'refused'],
      [true, 'refused'],
    ])
    expect(JSON.stringify(received.spans)).not.toMatch(/hunter|secret/)
  })

  it('do not grow without end, and say what they left out', async () => {
    const { spans, url } = await collector()
    const { service } = await start(url)
    await deliverByLmtp(portOf(service, 'lmtp'), ['ann@mail.test.example'], message)
    const peer = await LinePeer.logIn(portOf(service, 'pop3'), 'ann', 'secret')
    for (let count = 0; count < 300; count++) {
      peer.write('RETR 1\r\n')
      await peer.body()
    }
    await peer.ask('QUIT')
    await service.close()
    const { root, children } = traceOf(spans, 'pop3 session')
    expect(children).toHaveLength(256)
    expect(root?.attributes['poplar.spans.left_out']).toBe(46)
  })

  it('are of a service that has a name and a version', async () => {
    const received = await collector()
    const { service } = await start(received.url)
    await (await LinePeer.connect(portOf(service, 'pop3'))).ask('QUIT')
    await service.close()
    expect(received.resource).toMatchObject({ 'service.name': 'poplar', 'host.name': 'mail.test.example' })
    expect(received.resource['service.version']).toMatch(/^\d+\.\d+\.\d+/)
  })

  it('that cannot be sent are told once, and hold up nothing', async () => {
    const { url } = await collector(400)
    const { service, lines } = await start(url)
    await (await LinePeer.connect(portOf(service, 'pop3'))).ask('QUIT')
    await service.close()
    const warnings = lines.filter(({ text }) => text === 'traces cannot be sent')
    expect(warnings).toHaveLength(1)
    expect(warnings[0]?.fields['reason']).not.toBe('')
  })
})
