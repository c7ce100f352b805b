// The office in this process, over the store in memory: mail in by LMTP, out by POP3; reload, drain, close.

import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { hashPassword } from '../src/auth/password.ts'
import { type Config, exampleConfig, parseConfig } from '../src/config.ts'
import type { Store } from '../src/mail/store.ts'
import type { Log } from '../src/net/log.ts'
import { createService, fixedKeys, type Service } from '../src/service.ts'
import { createMemoryStore } from '../src/store/memory-store.ts'
import { deliverByLmtp, LinePeer } from './e2e/line-peer.ts'

const anyPorts = `
  hostname = "mail.test.example"
  [listen]
  pop3 = "127.0.0.1:0"
  smtp = ["127.0.0.1:0", "127.0.0.1:0"]
  lmtp = "127.0.0.1:0"
  [auth]
  argon2_memory = "8MiB"
  argon2_passes = 1
`
const message = Buffer.from('Subject: x\r\n\r\nbody\r\n')

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function open(toml = anyPorts, log?: Log): Promise<{ service: Service; store: Store; config: Config }> {
  const store = createMemoryStore()
  closers.push(() => store.close())
  const config = parseConfig(toml)
  const passwordHash = await hashPassword(Buffer.from('secret'), config.auth.argon2)
  await store.addAccount({ name: 'ann', passwordHash })
  const service = await createService(config, { store, ...(log && { log }) })
  closers.push(() => service.close())
  return { service, store, config }
}

function portOf({ listeners }: Service, name: string): number {
  return listeners.find(({ service }) => service === name)?.port ?? 0
}

describe('createService', () => {
  it('listens on every address of the configuration', async () => {
    const { service } = await open()
    expect(service.listeners.map(({ service: name, address }) => [name, address])).toEqual([
      ['pop3', '127.0.0.1'],
      ['smtp', '127.0.0.1'],
      ['smtp', '127.0.0.1'],
      ['lmtp', '127.0.0.1'],
    ])
    expect(new Set(service.listeners.map(({ port }) => port)).size).toBe(4)
  })

  it('takes mail in and lets it out', async () => {
    const { service } = await open()
    expect(await deliverByLmtp(portOf(service, 'lmtp'), ['ann@mail.test.example'], message)).toEqual([
      expect.stringMatching(/^250/),
    ])
    const peer = await LinePeer.logIn(portOf(service, 'pop3'), 'ann@mail.test.example', 'secret')
    expect((await peer.askBody('RETR 1')).toString()).toMatch(/Subject: x\r\n\r\nbody\r\n$/)
    expect(await peer.ask('QUIT')).toMatch(/^\+OK/)
  })

  it('hands mail in without a protocol', async () => {
    const { service, store } = await open()
    const { recipient } = await service.delivery.resolve('ann')
    const envelope = {
      reversePath: '',
      forwardPaths: ['ann'],
      peerAddress: undefined,
      heloName: undefined,
      protocol: undefined,
      smtpUtf8: false,
      sessionId: 'test',
      receivedAt: new Date(),
    }
    await service.delivery.deliver(envelope, [message], recipient ? [recipient] : [], 'all')
    expect(await store.findAccount('ann')).toMatchObject({ usedMessages: 1 })
  })

  it('serves nothing where [listen] names nothing', async () => {
    const { service } = await open('[listen]')
    expect(service.listeners).toEqual([])
  })
})

describe('an address that is taken', () => {
  let taken: Server

  it('is named with service and reason, and nothing else stays open', async () => {
    taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    closers.push(() => new Promise(resolve => taken.close(resolve)))
    const takenPort = portIn(taken)
    const free = createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    const pop3Port = portIn(free)
    await new Promise(resolve => free.close(resolve))

    const toml = `[listen]\npop3 = "127.0.0.1:${pop3Port}"\nlmtp = "127.0.0.1:${takenPort}"`
    await expect(open(toml)).rejects.toThrow(
      new RegExp(`^cannot serve LMTP: cannot listen on 127\\.0\\.0\\.1:${takenPort}: .*in use`),
    )
    await expect(LinePeer.connect(pop3Port)).rejects.toThrow('ECONNREFUSED')
  })
})

describe('reload', () => {
  it('takes over domains at once, sessions go on', async () => {
    const { service, config } = await open()
    const peer = await LinePeer.logIn(portOf(service, 'pop3'), 'ann', 'secret')
    const lmtp = portOf(service, 'lmtp')
    expect(await replyToRcpt(lmtp, 'ann@new.example')).toMatch(/^550/)
    expect(service.reload({ ...config, domains: ['new.example'] })).toEqual([])
    expect(await replyToRcpt(lmtp, 'ann@new.example')).toMatch(/^250/)
    expect(await replyToRcpt(lmtp, 'ann@mail.test.example')).toMatch(/^550/)
    expect(await peer.ask('NOOP')).toMatch(/^\+OK/)
    const second = await LinePeer.connect(portOf(service, 'pop3'))
    await second.line()
    await second.ask('USER ann@new.example')
    expect(await second.ask('PASS secret')).toMatch(/^-ERR \[IN-USE\]/)
  })

  it('names the keys that need a restart, as the file names them', async () => {
    const { service } = await open()
    const next = parseConfig(
      `${anyPorts}\nremember = "1m"\n[pop3]\nautologout = "20m"\n[smtp]\nsize = "1MiB"`,
    )
    expect(service.reload(next)).toEqual(['pop3.autologout', 'smtp.size'])
    expect(service.reload(parseConfig(anyPorts.replace('lmtp = "127.0.0.1:0"', '')))).toEqual(['listen.lmtp'])
  })

  it('keeps the announced size in force until then', async () => {
    const { service } = await open()
    service.reload(parseConfig(`${anyPorts}\n[smtp]\nsize = "64KiB"`))
    const [reply] = await deliverByLmtp(
      portOf(service, 'lmtp'),
      ['ann'],
      Buffer.from(`${'x'.repeat(98)}\r\n`.repeat(1000)),
    )
    expect(reply).toMatch(/^250/)
  })

  it('knows every fixed key under a name that the schema has', () => {
    const toml = exampleConfig()
    for (const { key } of fixedKeys) {
      const [table, name] = key.includes('.') ? key.split('.') : [undefined, key]
      const section = table ? toml.slice(toml.indexOf(`[${table}]`)) : toml
      // Of the document, or of a table; or a whole table, or several of one name.
      const line = table ? `^(# )?${name} = ` : `^((# )?${name} = |(# )?\\[{1,2}${name}\\]{1,2}$)`
      expect(section, key).toMatch(new RegExp(line, 'm'))
    }
  })
})

describe('the end', () => {
  it('drains: what runs may finish, what is new is refused', async () => {
    const { service, store } = await open()
    const pop3 = portOf(service, 'pop3')
    await deliverByLmtp(portOf(service, 'lmtp'), ['ann'], message)
    const peer = await LinePeer.logIn(pop3, 'ann', 'secret')
    await peer.ask('DELE 1')
    const drained = service.drain(60_000)
    await expect(LinePeer.connect(pop3)).rejects.toThrow('ECONNREFUSED')
    expect(await peer.ask('QUIT')).toMatch(/^\+OK/)
    await drained
    expect(await store.findAccount('ann')).toMatchObject({ usedMessages: 0 })
  })

  it('closes at once, deleting nothing; also during a drain, and twice', async () => {
    const { service, store } = await open()
    await deliverByLmtp(portOf(service, 'lmtp'), ['ann'], message)
    const peer = await LinePeer.logIn(portOf(service, 'pop3'), 'ann', 'secret')
    await peer.ask('DELE 1')
    void service.drain(60_000)
    await service.close()
    await service.close()
    await peer.end()
    expect(await store.findAccount('ann')).toMatchObject({ usedMessages: 1 })
  })
})

async function replyToRcpt(port: number, address: string): Promise<string> {
  const peer = await LinePeer.connect(port)
  await peer.smtpReply()
  await peer.askSmtp('LHLO test.example')
  await peer.askSmtp('MAIL FROM:<>')
  const reply = await peer.askSmtp(`RCPT TO:<${address}>`)
  peer.drop()
  return reply
}

function portIn(server: Server): number {
  const address = server.address()
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}
