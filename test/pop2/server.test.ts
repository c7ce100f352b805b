// POP2 over a socket: the states of RFC 937, exact octets, what a failing store leaves, time-outs, drains, what is logged.
import { afterEach, describe, expect, it } from 'vitest'
import { Refusal } from '../../src/mail/errors.ts'
import type { Maildrop } from '../../src/mail/maildrop-store.ts'
import { until } from '../pop3/office.ts'
import type { Peer } from '../pop3/peer.ts'
import { openPop2Office, type Pop2Office, type Pop2OfficeOptions } from './office.ts'

let office: Pop2Office | undefined
afterEach(async () => {
  await office?.stop()
  office = undefined
})

async function open(options: Pop2OfficeOptions = {}): Promise<Pop2Office> {
  office = await openPop2Office({ messages: ['a\n', 'bb\n'], ...options })
  return office
}

/** Brings a connection into the state. */
const states: Readonly<Record<string, readonly string[]>> = {
  AUTH: [],
  MBOX: ['HELO alice sesame'],
  ITEM: ['HELO alice sesame', 'READ 1'],
  NEXT: ['HELO alice sesame', 'READ 1', 'RETR'],
}

/** What each command is answered in each state; undefined: with an error and a close. */
const answers: Readonly<Record<string, Partial<Record<string, string>>>> = {
  'HELO alice sesame': { AUTH: '#2 messages' },
  'FOLD INBOX': { MBOX: '#2 messages', ITEM: '#2 messages' },
  READ: { MBOX: '=3', ITEM: '=3' },
  'READ 2': { MBOX: '=4', ITEM: '=4' },
  RETR: { ITEM: 'a' },
  ACKS: { NEXT: '=4' },
  ACKD: { NEXT: '=4' },
  NACK: { NEXT: '=3' },
  QUIT: { AUTH: '+ goodbye', MBOX: '+ goodbye', ITEM: '+ goodbye' },
}

const wrong: readonly (readonly [line: string, why: string])[] = [
  ['', 'empty'],
  ['NOOP', 'a command of another protocol'],
  ['USER alice', 'a command of POP3'],
  ['READ 0', 'there is no message 0'],
  ['READ 01', 'a number has one spelling'],
  ['READ -1', 'no number'],
  ['READ 1 ', 'a space behind the last argument'],
  ['READ ', 'a space without a number'],
  ['RETR 1', 'an argument where none is'],
  ['QUIT now', 'an argument where none is'],
  ['FOLD', 'no mailbox'],
  ['FOLD a b', 'two mailboxes'],
  ['HELO', 'no name'],
  ['HELO alice', 'no password'],
  ['HELO alice ', 'an empty password'],
  ['HELO  sesame', 'an empty name'],
  ['READ\0', 'a control character'],
  [`FOLD ${'x'.repeat(600)}`, 'too long'],
]

async function enter(state: string): Promise<Peer> {
  const peer = await office!.connect()
  for (const line of states[state] ?? []) await peer.ask(line)
  return peer
}

describe.each(Object.keys(states))('in %s', state => {
  it.each(
    Object.entries(answers),
  )('%s is answered as RFC 937 says, or ends the session', async (line, said) => {
    await open()
    const peer = await enter(state)
    const reply = await peer.ask(line)
    if (said[state] !== undefined) expect(reply).toBe(said[state])
    else {
      expect(reply).toMatch(/^- /)
      expect(await peer.rest()).toBe('')
    }
    peer.socket.destroy()
  })
})

describe('a line that is wrong', () => {
  it.each(wrong)('%j ends the session (%s)', async line => {
    await open()
    const peer = await enter('ITEM')
    expect(await peer.ask(line)).toMatch(/^- /)
    expect(await peer.rest()).toBe('')
  })
})

describe('octets', () => {
  it('are as many as were told, whatever is in them', async () => {
    const body = `Subject: x\n\n.\n..\n.dot\n${'line of a large message\n'.repeat(20_000)}`
    await open({ messages: [body, 'next\n'] })
    const peer = await enter('MBOX')
    const told = Number((await peer.ask('READ 1')).slice(1))
    expect(told).toBe(Buffer.byteLength(body.replaceAll('\n', '\r\n')))
    peer.send('RETR\r\n')
    let received = ''
    while (received.length < told) received += `${await peer.line()}\r\n`
    expect(received).toBe(body.replaceAll('\n', '\r\n'))
    expect(await peer.ask('ACKS')).toBe('=6')
    peer.socket.destroy()
  })
})

describe('a login that may only read', () => {
  it('cannot delete, and is not led to believe that it did', async () => {
    await open({ readOnly: true })
    const peer = await enter('NEXT')
    expect(await peer.ask('ACKD')).toBe('- this login may read, not delete')
    expect(await peer.rest()).toBe('')
    const next = await office!.connect()
    expect(await next.ask('HELO alice sesame')).toBe('#2 messages')
    next.socket.destroy()
  })
})

/** The maildrop with some of its operations replaced. */
function failing(broken: Partial<Maildrop>): Pop2OfficeOptions {
  return {
    wrap: store => ({
      async openMaildrop(...given) {
        const maildrop = await store.openMaildrop(...given)
        return {
          listing: maildrop.listing,
          read: (...of) => maildrop.read(...of),
          noteRetrieved: async (...of) => maildrop.noteRetrieved?.(...of),
          update: indexes => maildrop.update(indexes),
          release: () => maildrop.release(),
          ...broken,
        }
      },
    }),
  }
}

describe('a store that fails', () => {
  it.each(['QUIT', 'FOLD INBOX'])('%s says so when nothing was deleted', async line => {
    await open(failing({ update: async () => Promise.reject(new Refusal('store-full', 'full')) }))
    const peer = await enter('NEXT')
    await peer.ask('ACKD')
    expect(await peer.ask(line)).toMatch(/^- the mail store is full/)
    expect(await peer.rest()).toBe('')
    const next = await office!.connect()
    expect(await next.ask('HELO alice sesame')).toBe('#2 messages')
    next.socket.destroy()
  })

  it('gives a fault an id and nothing more', async () => {
    await open(failing({ read: async () => Promise.reject(new Error('secret of the store')) }))
    const peer = await enter('ITEM')
    expect(await peer.ask('RETR')).toMatch(/^- internal fault [0-9A-Z]{26}$/)
    expect(await peer.rest()).toBe('')
  })

  it('cuts the connection when a message ends too early', async () => {
    const body = [Buffer.from('x')]
    const message = { octets: 3, headerOctets: 3, dotLines: 0, body }
    await open(failing({ read: async () => message }))
    const peer = await enter('ITEM')
    peer.send('RETR\r\n')
    expect((await peer.rest()).length).toBeLessThan(3)
    expect((await office!.summary()).reason).toBe('fault')
  })
})

describe('a session that is left', () => {
  it('ends by autologout without a word, and gives the lock back', async () => {
    await open({ limits: { autologoutMs: 50 } })
    const peer = await enter('NEXT')
    expect(await peer.rest()).toBe('')
    expect((await office!.summary()).reason).toBe('autologout')
    const next = await office!.connect()
    expect(await next.ask('HELO alice sesame')).toBe('#2 messages')
    next.socket.destroy()
  })

  it('is told of a drain, and nothing of it is deleted', async () => {
    await open()
    const peer = await enter('NEXT')
    await peer.ask('ACKD')
    await office!.server.drain(0)
    expect(await peer.rest()).toBe('- the server is shutting down\r\n')
    expect(office!.server.sessions).toBe(0)
  })

  it('has a FOLD finish that is under way, and opens nothing behind it', async () => {
    let finish = () => {}
    let isUpdating = false
    let opened = 0
    await open({
      wrap: store => ({
        async openMaildrop(...given) {
          opened += 1
          const maildrop = await store.openMaildrop(...given)
          return {
            listing: maildrop.listing,
            read: (...of) => maildrop.read(...of),
            noteRetrieved: async (...of) => maildrop.noteRetrieved?.(...of),
            release: () => maildrop.release(),
            async update(indexes) {
              isUpdating = true
              await new Promise<void>(resolve => {
                finish = resolve
              })
              await maildrop.update(indexes)
            },
          }
        },
      }),
    })
    const peer = await enter('NEXT')
    await peer.ask('ACKD')
    peer.send('FOLD INBOX\r\n')
    await until(() => isUpdating)
    const closed = office!.server.close()
    finish()
    await closed
    expect(await peer.rest()).toBe('')
    expect(await office!.summary()).toMatchObject({ deleted: 1, reason: 'closed' })
    expect(opened).toBe(1)
  })
})

describe('the log', () => {
  it('has one line for a session', async () => {
    await open()
    const peer = await enter('NEXT')
    await peer.ask('ACKD')
    await peer.ask('QUIT')
    peer.socket.destroy()
    expect(await office!.summary()).toMatchObject({
      user: 'alice',
      mechanism: 'HELO',
      peer: '127.0.0.1',
      commands: 5,
      loginFailures: 0,
      retrieved: 1,
      deleted: 1,
      reason: 'quit',
    })
    expect(JSON.stringify(office!.log)).not.toContain('sesame')
  })
})
