// The table [limits] as the office serves it: one gate for all listeners, and each protocol's own word for those it sheds.
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { ConfigError, parseConfig } from '../src/config.ts'
import { silentLog } from '../src/net/log.ts'
import { createService, type Service } from '../src/service.ts'
import { createMemoryStore } from '../src/store/memory-store.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function open(limits: string): Promise<{ service: Service; warnings: object[] }> {
  const store = createMemoryStore()
  closers.push(() => store.close())
  const warnings: object[] = []
  const log = { ...silentLog, warn: (fields: object) => void warnings.push(fields) }
  const config = parseConfig(`
    hostname = "mail.test.example"
    [listen]
    pop3 = "127.0.0.1:0"
    pop2 = "127.0.0.1:0"
    smtp = "127.0.0.1:0"
    lmtp = "127.0.0.1:0"
    ${limits}`)
  const service = await createService(config, { store, log })
  closers.push(() => service.close())
  return { service, warnings }
}

/** All that a service says to a peer who says nothing and goes. */
async function heard({ listeners }: Service, name: string, localAddress = '127.0.0.1'): Promise<string> {
  const port = listeners.find(({ service }) => service === name)?.port ?? 0
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  socket.end()
  return text(socket)
}

describe('[limits]', () => {
  it('sheds who comes too often to whatever service, and no neighbour', async () => {
    const { service, warnings } = await open('[limits]\nconnections_per_minute = 4\nexempt = []')
    expect(await heard(service, 'pop3')).toMatch(/^\+OK/)
    expect(await heard(service, 'pop2')).toMatch(/^\+/)
    expect(await heard(service, 'smtp')).toMatch(/^220/)
    expect(await heard(service, 'lmtp')).toMatch(/^220/)
    expect(await heard(service, 'pop3')).toBe('-ERR [SYS/TEMP] too many connections, try again later\r\n')
    expect(await heard(service, 'pop2')).toBe('- too many connections, try again later\r\n')
    expect(await heard(service, 'smtp')).toMatch(/^421 4\.7\.0 [^\n]+\r\n$/)
    expect(await heard(service, 'lmtp')).toMatch(/^421 4\.7\.0 [^\n]+\r\n$/)
    expect(await heard(service, 'pop3', '127.0.0.2')).toMatch(/^\+OK/)
    expect(warnings.filter(fields => 'overload' in fields)).toEqual([
      { rate: 1, overload: 0, peer: '127.0.0.1' },
    ])
  })

  it.each([
    ['', true, 'this machine is exempt by default'],
    ['exempt = ["127.0.0.2"]', false, 'unless others are exempt'],
    ['exempt = ["127.0.0.0/30"]', true, 'which may be a network'],
    ['exempt = ["127.0.0.2"]\nipv4_prefix = 31', false, 'whatever its neighbours are'],
  ])('with %j a second connection is let in: %j, %s', async (keys, isLetIn) => {
    const { service } = await open(`[limits]\nconnections_per_minute = 1\n${keys}`)
    expect(await heard(service, 'pop3')).toMatch(/^\+OK/)
    expect((await heard(service, 'pop3')).startsWith('+OK')).toBe(isLetIn)
    expect(await heard(service, 'pop3', '127.0.0.2')).toMatch(/^\+OK/)
  })

  it('makes one address of a whole network, for rates and for sessions', async () => {
    const { service } = await open('[limits]\nconnections_per_minute = 1\nexempt = []\nipv4_prefix = 24')
    expect(await heard(service, 'pop3')).toMatch(/^\+OK/)
    expect(await heard(service, 'pop3', '127.0.0.77')).toMatch(/^-ERR/)
    expect(await heard(service, 'pop3', '127.0.1.1')).toMatch(/^\+OK/)
  })

  it('counts sessions of one address over its network', async () => {
    const { service } = await open(
      '[pop3]\nmax_sessions_per_address = 1\n[limits]\nexempt = []\nipv4_prefix = 24',
    )
    const port = service.listeners[0]?.port ?? 0
    const first = connect({ port, host: '127.0.0.1' })
    await new Promise(resolve => first.once('data', resolve))
    expect(await heard(service, 'pop3', '127.0.0.77')).toMatch(/^-ERR \[SYS\/TEMP\]/)
    expect(await heard(service, 'pop3', '127.0.1.1')).toMatch(/^\+OK/)
    first.destroy()
  })

  it.each([
    ['ipv4_prefix = 33', 'ipv4_prefix'],
    ['ipv6_prefix = 0', 'ipv6_prefix'],
    ['exempt = ["mail.example"]', 'exempt'],
    ['max_lag = "2h"', 'max_lag'],
    ['line_timeout = "0"', 'line_timeout'],
    ['connections_per_minute = -1', 'connections_per_minute'],
  ])('refuses %s', (line, key) => {
    expect(() => parseConfig(`[limits]\n${line}`)).toThrow(ConfigError)
    expect(() => parseConfig(`[limits]\n${line}`)).toThrow(key)
  })
})
