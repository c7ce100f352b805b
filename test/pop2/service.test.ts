// POP2 as the office serves it: off unless it is named; one login delay over all listeners.
import { afterEach, describe, expect, it } from 'vitest'
import { hashPassword } from '../../src/auth/password.ts'
import { parseConfig } from '../../src/config.ts'
import type { Store } from '../../src/mail/store.ts'
import { createService, type Service } from '../../src/service.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { Peer } from '../pop3/peer.ts'

let service: Service | undefined
let store: Store | undefined
afterEach(async () => {
  await service?.close()
  await store?.close()
})

async function open(toml: string): Promise<Service> {
  store = createMemoryStore()
  const passwordHash = await hashPassword(Buffer.from('secret'), { memoryKiB: 64, passes: 1, lanes: 1 })
  await store.addAccount({ name: 'ann', passwordHash })
  service = await createService(parseConfig(toml), { store })
  return service
}

async function connect(name: string): Promise<Peer> {
  const { port } = service!.listeners.find(listener => listener.service === name)!
  const peer = await Peer.connect(port)
  await peer.line()
  return peer
}

describe('the office', () => {
  it('serves POP2 where the configuration names it', async () => {
    await open('[listen]\npop2 = "127.0.0.1:0"')
    const peer = await connect('pop2')
    expect(await peer.ask('HELO ann secret')).toBe('#0 messages')
    expect(await peer.ask('QUIT')).toBe('+ goodbye')
    peer.socket.destroy()
  })

  it('does not without', async () => {
    await open('[listen]\npop3 = "127.0.0.1:0"')
    expect(service!.listeners.map(listener => listener.service)).not.toContain('pop2')
  })

  it('counts logins of POP3 and POP2 together', async () => {
    await open('[listen]\npop2 = "127.0.0.1:0"\npop3 = "127.0.0.1:0"\n[pop3]\nlogin_delay = "1h"')
    const pop3 = await connect('pop3')
    expect(await pop3.askLong('CAPA')).toContain('LOGIN-DELAY 3600')
    await pop3.ask('USER ann')
    expect(await pop3.ask('PASS secret')).toMatch(/^\+OK/)
    await pop3.ask('QUIT')
    const pop2 = await connect('pop2')
    expect(await pop2.ask('HELO ann secret')).toMatch(/^- the last login was a short while ago/)
    for (const peer of [pop3, pop2]) peer.socket.destroy()
  })
})
