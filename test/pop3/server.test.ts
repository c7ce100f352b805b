// The server as its peers see it: time, ends of every kind, other sessions, the log.

import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { Abandonment } from '../../src/auth/login.ts'
import { commands } from '../../src/pop3/server/commands.ts'
import { startPop3Server } from '../../src/pop3/server/server.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import {
  addAccount,
  type Office,
  type OfficeOptions,
  openOffice,
  password,
  plainAuthenticator,
  until,
} from './office.ts'

const offices: Office[] = []
afterEach(async () => {
  for (const office of offices.splice(0)) await office.stop()
})

async function open(options: OfficeOptions = {}): Promise<Office> {
  const office = await openOffice(options)
  offices.push(office)
  return office
}

const mail = ['Subject: 1\n\nfirst\n', 'Subject: 2\n\nsecond\n']
const megabytes = `Subject: large\n\n${`${'x'.repeat(998)}\n`.repeat(16_000)}`

/** Another session may log in, and finds this many messages. */
async function expectMaildrop(office: Office, count: number): Promise<void> {
  for (;;) {
    const peer = await office.connect()
    await peer.line()
    await peer.ask('USER alice')
    const reply = await peer.ask(`PASS ${password}`)
    peer.send('QUIT\r\n')
    await peer.rest()
    if (!reply.startsWith('-ERR [IN-USE]')) {
      expect(reply).toMatch(new RegExp(`^\\+OK ${count} message`))
      return
    }
  }
}

describe('time', () => {
  it('closes an idle session without a word and without deleting (RFC 1939 section 3)', async () => {
    const office = await open({ messages: mail, limits: { autologoutMs: 60, allowShortAutologout: true } })
    const peer = await office.logIn()
    await peer.ask('DELE 1')
    expect(await peer.rest()).toBe('')
    expect(await office.summary()).toMatchObject({ reason: 'autologout', deleted: 0 })
    await expectMaildrop(office, 2)
  })

  it('closes who never logs in, even if octets trickle in', async () => {
    const office = await open({ limits: { authorizationTimeoutMs: 80 } })
    const peer = await office.connect()
    await peer.line()
    const trickle = setInterval(() => peer.send('U'), 20)
    peer.socket.on('error', () => clearInterval(trickle))
    expect(await peer.rest()).toBe('')
    clearInterval(trickle)
    expect(await office.summary()).toMatchObject({ reason: 'autologout' })
  })

  it('ends a command that never comes to its end, however steadily it comes', async () => {
    const office = await open({ limits: { lineTimeoutMs: 80 } })
    const peer = await office.logIn()
    await peer.ask('NOOP')
    const trickle = setInterval(() => peer.send('N'), 20)
    peer.socket.on('error', () => clearInterval(trickle))
    expect(await peer.rest()).toBe('')
    clearInterval(trickle)
    expect(await office.summary()).toMatchObject({ reason: 'slow-writer', deleted: 0 })
  })

  it('is kept awake by commands', async () => {
    const office = await open({ limits: { autologoutMs: 120, allowShortAutologout: true } })
    const peer = await office.logIn()
    for (let i = 0; i < 8; i++) {
      await sleep(30)
      expect(await peer.ask('NOOP')).toBe('+OK')
    }
  })

  it('gives up a reader who takes nothing', async () => {
    const office = await open({ messages: [megabytes], limits: { writeTimeoutMs: 100 } })
    const peer = await office.logIn()
    await peer.ask('DELE 1')
    await peer.ask('RSET')
    peer.socket.pause()
    peer.send('RETR 1\r\n'.repeat(5))
    expect(await office.summary()).toMatchObject({ reason: 'slow-reader', deleted: 0 })
    await expectMaildrop(office, 1)
  })

  it('gives up a reader who takes something now and then, but too little', async () => {
    const office = await open({
      messages: [megabytes],
      // So much that nobody takes it fast enough.
      limits: { writeTimeoutMs: 100, minOctetsPerSecond: 1e12 },
    })
    const peer = await office.logIn()
    peer.send('RETR 1\r\n'.repeat(100))
    // One chunk at a time, which is not kept.
    peer.socket.removeAllListeners('data').on('data', () => peer.socket.pause())
    const sips = setInterval(() => peer.socket.resume(), 5)
    expect(await office.summary()).toMatchObject({ reason: 'slow-reader', deleted: 0 })
    clearInterval(sips)
  })

  it('makes bad commands wait without making others wait', async () => {
    const office = await open({
      limits: { promptRefusals: 0, refusalDelayMs: 100_000, maxRefusalDelayMs: 100_000 },
    })
    const bad = await office.connect()
    await bad.line()
    bad.send('XYZZ\r\nQUIT\r\n')
    const good = await office.logIn()
    expect(await good.ask('STAT')).toBe('+OK 0 0')
    bad.drop()
  })
})

describe('ends', () => {
  it('answers what came before a half-close, then closes, deleting nothing', async () => {
    const office = await open({ messages: mail })
    const peer = await office.connect()
    peer.send(`USER alice\r\nPASS ${password}\r\nDELE 1\r\nRETR 2\r\nQUI`)
    peer.halfClose()
    expect(await peer.rest()).toMatch(/deleted\r\n\+OK 22 octets\r\nSubject: 2\r\n\r\nsecond\r\n\.\r\n$/)
    expect(await office.summary()).toMatchObject({ reason: 'dropped', deleted: 0, retrieved: 1 })
    await expectMaildrop(office, 2)
  })

  it('commits a QUIT that came with a half-close', async () => {
    const office = await open({ messages: mail })
    const peer = await office.connect()
    peer.send(`USER alice\r\nPASS ${password}\r\nDELE 1\r\nQUIT\r\n`)
    peer.halfClose()
    expect(await peer.rest()).toMatch(/\+OK signing off \(1 message left\)\r\n$/)
    await expectMaildrop(office, 1)
  })

  it('deletes nothing when the cable is cut in the middle of a message', async () => {
    const office = await open({ messages: [megabytes] })
    const peer = await office.logIn()
    peer.send('RETR 1\r\n')
    await peer.line()
    peer.drop()
    expect(await office.summary()).toMatchObject({ reason: 'dropped', retrieved: 0, deleted: 0 })
    await expectMaildrop(office, 1)
  })

  it('tells who verifies a password that the client has gone', async () => {
    const signals: (Abandonment | undefined)[] = []
    const office = await open({
      authenticator: store => ({
        ...plainAuthenticator(store),
        authenticate: (_name, _given, { signal }) =>
          new Promise(resolve => {
            signals.push(signal)
            signal?.addEventListener('abort', () => resolve(undefined))
          }),
      }),
    })
    const peer = await office.connect()
    peer.send(`USER alice\r\nPASS ${password}\r\n`)
    await until(() => signals.length === 1)
    expect(signals[0]?.aborted).toBe(false)
    peer.drop()
    expect(await office.summary()).toMatchObject({ reason: 'dropped' })
    expect(signals[0]?.aborted).toBe(true)
    await until(() => office.server.sessions === 0)
  })

  it('gives the lock back when the client goes while its password is verified', async () => {
    let verify = () => {}
    const office = await open({
      messages: mail,
      authenticator: store => ({
        ...plainAuthenticator(store),
        async authenticate(name, given, origin) {
          if (verifications++ === 0) await new Promise<void>(resolve => (verify = resolve))
          return plainAuthenticator(store).authenticate(name, given, origin)
        },
      }),
    })
    let verifications = 0
    const peer = await office.connect()
    peer.send(`USER alice\r\nPASS ${password}\r\n`)
    await until(() => verifications === 1)
    peer.drop()
    await office.summary()
    expect(office.server.sessions).toBe(1)
    verify()
    await until(() => office.server.sessions === 0)
    await expectMaildrop(office, 2)
  })

  it.each([
    ['a command', 'A'.repeat(513), '-ERR line too long\r\n'],
    ['a command without end', 'A'.repeat(5_000), '-ERR line too long\r\n'],
    ['a password of US-ASCII', `PASS ${'a'.repeat(600)}`, '-ERR line too long\r\n'],
    ['a password in UTF-8 beyond 8 KiB', `PASS ${'\xc3\xa9'.repeat(4_200)}`, '-ERR line too long\r\n'],
  ])('refuses and closes when %s is too long', async (_, line, reply) => {
    const office = await open()
    const peer = await office.connect()
    await peer.line()
    peer.send(`${line}\r\nQUIT\r\n`)
    expect(await peer.rest()).toBe(reply)
    expect(await office.summary()).toMatchObject({ reason: 'line-too-long' })
  })

  it('takes long passwords in UTF-8', async () => {
    const office = await open()
    const long = 'é'.repeat(1_000)
    await office.store.addAccount({ name: 'zoë', passwordHash: long })
    const peer = await office.connect()
    await peer.line()
    peer.send(Buffer.from(`USER zoë\r\nPASS ${long}\r\n`))
    expect([await peer.line(), await peer.line()]).toEqual(['+OK send PASS', '+OK 0 messages (0 octets)'])
  })
})

describe('draining', () => {
  it('takes no one new, ends who has not logged in at once and who is idle soon, deleting nothing', async () => {
    const office = await open({ messages: mail })
    const idle = await office.logIn()
    await idle.ask('DELE 1')
    const stranger = await office.connect()
    await stranger.line()
    const drained = office.server.drain(30_000)
    await expect(office.connect()).rejects.toThrow('ECONNREFUSED')
    expect(await stranger.rest()).toBe('-ERR [SYS/TEMP] the server is shutting down\r\n')
    expect(await idle.rest()).toBe('-ERR [SYS/TEMP] the server is shutting down\r\n')
    await drained
    expect(office.server.sessions).toBe(0)
    const { used } = await usage(office)
    expect(used).toBe(2)
    expect(await office.summary(2)).toMatchObject({ reason: 'drain', deleted: 0 })
  })

  it('lets a session at work finish within the grace', async () => {
    const office = await open({ messages: mail })
    const peer = await office.logIn()
    const drained = office.server.drain(30_000)
    expect(await peer.ask('DELE 1')).toBe('+OK message 1 deleted')
    expect(await peer.ask('QUIT')).toBe('+OK signing off (1 message left)')
    await peer.rest()
    await drained
    expect((await usage(office)).used).toBe(1)
  })

  it('cuts a message that is not read when the grace is over, without the final dot', async () => {
    const office = await open({ messages: [megabytes] })
    const peer = await office.logIn()
    peer.socket.pause()
    peer.send('RETR 1\r\n')
    await sleep(50)
    await office.server.drain(20)
    peer.socket.resume()
    const text = await peer.rest()
    expect(text).not.toMatch(/\r\n\.\r\n$/)
    expect(text.length).toBeLessThan(16_000_000)
    expect(await office.summary()).toMatchObject({ reason: 'drain', retrieved: 0 })
  })
})

describe('starting', () => {
  it('names the address that cannot be bound', async () => {
    const office = await open()
    const second = startPop3Server({
      listen: [{ host: '127.0.0.1', port: office.port }],
      hostname: 'h',
      authenticator: plainAuthenticator(office.store),
      maildrops: office.store,
    })
    await expect(second).rejects.toThrow(
      `cannot listen on 127.0.0.1:${office.port}: the address is already in use`,
    )
  })

  it('limits sessions per address', async () => {
    const office = await open({ limits: { sessionsPerAddress: 1, countLoopback: true } })
    await (await office.connect()).line()
    expect(await (await office.connect()).rest()).toBe(
      '-ERR [SYS/TEMP] too many connections, try again later\r\n',
    )
  })
})

describe('what is told', () => {
  it('advertises what works, and all of it', async () => {
    const office = await open({ messages: mail, implementation: 'Poplar/test' })
    const peer = await office.logIn()
    const [, ...capabilities] = await peer.askLong('CAPA')
    expect(capabilities).toEqual([
      'USER',
      'LANG',
      'UTF8 USER',
      'UIDL',
      'TOP',
      'RESP-CODES',
      'AUTH-RESP-CODE',
      'PIPELINING',
      'EXPIRE NEVER',
      'IMPLEMENTATION Poplar/test',
    ])
    const help = await peer.ask('HELP')
    for (const verb of Object.keys(commands)) expect(help).toContain(` ${verb}`)
    expect(await peer.ask('SASL')).toBe('-ERR unknown command')
  })

  it('logs one summary per session', async () => {
    const office = await open({ messages: mail })
    const peer = await office.logIn()
    const [status, ...lines] = await peer.askLong('RETR 1')
    expect([status, ...lines]).toEqual(['+OK 21 octets', 'Subject: 1', '', 'first'])
    await peer.ask('DELE 1')
    await peer.ask('QUIT')
    await peer.rest()
    const { session, durationMs, octetsIn, octetsOut, ...rest } = await office.summary()
    expect(rest).toEqual({
      user: 'alice',
      mechanism: 'PASS',
      tls: undefined,
      peer: '127.0.0.1',
      commands: 5,
      badCommands: 0,
      loginFailures: 0,
      retrieved: 1,
      deleted: 1,
      reason: 'quit',
    })
    expect(session).toMatch(/^[0-9A-Z]{26}$/)
    expect(durationMs).toBeTypeOf('number')
    expect(octetsIn).toBe(`USER alice\r\nPASS ${password}\r\nRETR 1\r\nDELE 1\r\nQUIT\r\n`.length)
    expect(octetsOut).toBeGreaterThan(100)
  })

  it('never logs a secret, wherever it was typed', async () => {
    const office = await open()
    const secret = 'Xyzzy-1234'
    const peer = await office.connect()
    peer.send(
      `USER ${secret}\r\nPASS x\r\nPASS ${secret}\r\nUSER alice\r\nPASS ${secret}\r\nUSER alice\r\n${secret}\r\npass\t${secret}\r\n`,
    )
    peer.send(
      `USER alice ${secret}\r\nUSER alice\r\nPASS ${secret}\0\r\nPASS ${password}\r\nPASS ${secret}\r\nQUIT\r\n`,
    )
    await peer.rest()
    await office.summary()
    const text = JSON.stringify(office.log)
    expect(text).not.toContain(secret)
    expect(text).not.toContain(password)
    expect(await office.summary()).toMatchObject({ loginFailures: 2 })
  })
})

describe('many messages', () => {
  it('lists 20,000 in bounded pieces while others are served', async () => {
    const store = createMemoryStore()
    const office = await open({ store })
    await addAccount(store, 'bob', Array<string>(20_000).fill('Subject: m\n\n1\n'))
    const peer = await office.logIn('bob')
    const [status, ...lines] = await peer.askLong('LIST')
    expect(status).toBe('+OK 20000 messages (340000 octets)')
    expect(lines).toHaveLength(20_000)
    expect(lines.at(-1)).toBe('20000 17')
    await peer.ask('DELE 19999')
    const [, ...ids] = await peer.askLong('UIDL')
    expect(ids).toHaveLength(19_999)
    expect(ids.at(-1)).toMatch(/^20000 /)
  })
})

async function usage(office: Office): Promise<{ used: number }> {
  const account = await office.store.findAccount('alice')
  return { used: account?.usedMessages ?? -1 }
}
