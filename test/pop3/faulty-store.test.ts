// A store that fails at each call of the port: the client gets an honest reply, the lock comes back, the fault is logged
// with an id, and the server lives on.
import { afterEach, describe, expect, it } from 'vitest'
import { Refusal, type RefusalCode } from '../../src/mail/errors.ts'
import type { Maildrop, MaildropStore, MessageOctets } from '../../src/mail/maildrop-store.ts'
import { type Office, openOffice, password, until } from './office.ts'

const mail = ['Subject: 1\n\nfirst\n', 'Subject: 2\n\nsecond\n']

/** What goes wrong, and when; anything left out works. */
interface Faults {
  open?: Error
  read?: Error
  update?: Error
  release?: Error
  body?: (message: MessageOctets) => MessageOctets
}

let office: Office | undefined
afterEach(() => office?.stop())

async function openFaulty(faults: Faults): Promise<Office> {
  const wrap = (store: MaildropStore): MaildropStore => ({
    async openMaildrop(account, holder) {
      if (faults.open) throw faults.open
      return faultyMaildrop(await store.openMaildrop(account, holder), faults)
    },
  })
  office = await openOffice({ messages: mail, wrap })
  return office
}

function faultyMaildrop(maildrop: Maildrop, faults: Faults): Maildrop {
  return {
    listing: maildrop.listing,
    async read(index) {
      if (faults.read) throw faults.read
      const message = await maildrop.read(index)
      return faults.body?.(message) ?? message
    },
    async update(indexes) {
      if (faults.update) throw faults.update
      await maildrop.update(indexes)
    },
    noteRetrieved: async indexes => maildrop.noteRetrieved?.(indexes),
    async release() {
      await maildrop.release()
      if (faults.release) throw faults.release
    },
  }
}

const fault = () => new Error('the disk spoke Latin')
const refusal = (code: RefusalCode) => new Refusal(code, 'no')
const faultReply = /^-ERR \[SYS\/TEMP\] internal fault [0-9A-Z]{26}/

/** The fault in the reply is the fault in the log. */
function expectLogged({ log }: Office, reply: string): void {
  const id = /fault ([0-9A-Z]{26})/.exec(reply)?.[1]
  const line = log.find(({ level, fields }) => level === 'error' && fields.fault === id)
  expect(line?.fields.err).toMatchObject({ message: 'the disk spoke Latin' })
}

async function readUntilClosed(office: Office, command: string): Promise<string> {
  const peer = await office.logIn()
  peer.send(`${command}\r\n`)
  return peer.rest()
}

describe('opening the maildrop', () => {
  it.each([
    ['maildrop-in-use', '-ERR [IN-USE] the maildrop is locked by another session'],
    ['store-busy', '-ERR [SYS/TEMP] the mail store is busy, try again later'],
    ['store-closed', '-ERR [SYS/TEMP] the mail store is closed'],
    ['no-such-account', '-ERR [SYS/PERM] the maildrop no longer exists'],
    ['over-quota', '-ERR [SYS/PERM] the mail store refused'],
  ] as const)('refused with %s: %s', async (code, reply) => {
    const faults: Faults = { open: refusal(code) }
    const peer = await (await openFaulty(faults)).connect()
    await peer.line()
    await peer.ask('USER alice')
    expect(await peer.ask(`PASS ${password}`)).toBe(reply)
    expect(await peer.ask('STAT')).toBe('-ERR not allowed in this state')
    delete faults.open
    await peer.ask('USER alice')
    expect(await peer.ask(`PASS ${password}`)).toBe('+OK 2 messages (43 octets)')
  })

  it('failed with a fault of ours', async () => {
    const office = await openFaulty({ open: fault() })
    const peer = await office.connect()
    await peer.line()
    await peer.ask('USER alice')
    const reply = await peer.ask(`PASS ${password}`)
    expect(reply).toMatch(faultReply)
    expectLogged(office, reply)
  })
})

describe('reading a message', () => {
  it.each(['RETR 1', 'TOP 1 0'])('%s refused: the session goes on', async command => {
    const faults: Faults = { read: refusal('message-gone') }
    const peer = await (await openFaulty(faults)).logIn()
    expect(await peer.ask(command)).toBe('-ERR [SYS/PERM] the message no longer exists')
    faults.read = refusal('store-busy')
    expect(await peer.ask(command)).toBe('-ERR [SYS/TEMP] the mail store is busy, try again later')
    expect(await peer.ask('STAT')).toBe('+OK 2 43')
    delete faults.read
    expect((await peer.askLong(command))[0]).toMatch(/^\+OK/)
  })

  it.each(['RETR 1', 'TOP 1 0'])('%s failed: the fault has an id', async command => {
    const office = await openFaulty({ read: fault() })
    const peer = await office.logIn()
    const reply = await peer.ask(command)
    expect(reply).toMatch(faultReply)
    expectLogged(office, reply)
    expect(await peer.ask('NOOP')).toBe('+OK')
  })

  async function* failing(message: MessageOctets): AsyncGenerator<Uint8Array> {
    for await (const chunk of message.body) {
      yield chunk.subarray(0, 5)
      throw fault()
    }
  }
  function* failingAtOnce(message: MessageOctets): Generator<Uint8Array> {
    for (const chunk of message.body as Iterable<Uint8Array>) {
      yield chunk.subarray(0, 5)
      throw fault()
    }
  }

  it.each([
    ['fails in the middle', (message: MessageOctets) => failing(message)],
    ['fails in the middle of a body in memory', (message: MessageOctets) => failingAtOnce(message)],
    ['ends too early', () => [Buffer.from('Subj')]],
    ['is longer than announced', () => [Buffer.alloc(22, 'x')]],
  ])('a body that %s: the connection is cut, without the final dot', async (_, body) => {
    const office = await openFaulty({ body: message => ({ ...message, body: body(message) }) })
    const text = await readUntilClosed(office, 'RETR 1\r\nNOOP')
    expect(text).not.toContain('\r\n.\r\n')
    expect(text).not.toContain('-ERR')
    expect(await office.summary()).toMatchObject({ reason: 'fault', retrieved: 0, deleted: 0 })
    expect(office.log.filter(({ level }) => level === 'error')).toHaveLength(1)
    await until(async () => (await office.store.listLeases()).length === 0)
  })

  it('reads no further than TOP needs', async () => {
    let chunks = 0
    let finished = false
    const office = await openFaulty({
      body: () => ({
        octets: 5_000,
        headerOctets: 10,
        dotLines: 0,
        body: (async function* () {
          try {
            for (; chunks < 100; chunks++) yield Buffer.from('A: bcde\r\n\r\n12345\r\n')
          } finally {
            finished = true
          }
        })(),
      }),
    })
    const peer = await office.logIn()
    expect(await peer.askLong('TOP 1 1')).toEqual(
      ['+OK top of message follows', 'A: bcde', '', '12345'].slice(0, 3),
    )
    expect(await peer.ask('NOOP')).toBe('+OK')
    expect({ chunks, finished }).toEqual({ chunks: 0, finished: true })
  })
})

describe('UPDATE', () => {
  it.each([
    'lease-lost',
    'store-full',
    'store-busy',
    'store-closed',
  ] as const)('refused with %s: nothing is gone, and the reply says so', async code => {
    const faults: Faults = { update: refusal(code) }
    const office = await openFaulty(faults)
    const peer = await office.logIn()
    await peer.ask('DELE 1')
    expect(await peer.ask('QUIT')).toMatch(
      /^-ERR \[SYS\/TEMP\] .*nothing was removed, the maildrop still has 2 messages$/,
    )
    expect(await peer.rest()).toBe('')
    expect(await office.summary()).toMatchObject({ reason: 'update-failed', deleted: 0 })
    delete faults.update
    const again = await office.logIn()
    expect(await again.ask('STAT')).toBe('+OK 2 43')
  })

  it('failed with a fault of ours', async () => {
    const office = await openFaulty({ update: fault() })
    const peer = await office.logIn()
    await peer.ask('DELE 1')
    const reply = await peer.ask('QUIT')
    expect(reply).toMatch(faultReply)
    expectLogged(office, reply)
    await peer.rest()
    expect(await office.store.listLeases()).toEqual([])
  })

  it('that began before the connection was cut stands', async () => {
    let commit = () => {}
    const started = new Promise<void>(resolve => {
      const wrap = (store: MaildropStore): MaildropStore => ({
        async openMaildrop(account, holder) {
          const maildrop = await store.openMaildrop(account, holder)
          return {
            listing: maildrop.listing,
            read: index => maildrop.read(index),
            noteRetrieved: async indexes => maildrop.noteRetrieved?.(indexes),
            release: () => maildrop.release(),
            update: async indexes => {
              resolve()
              await new Promise<void>(go => (commit = go))
              await maildrop.update(indexes)
            },
          }
        },
      })
      void openOffice({ messages: mail, wrap }).then(async opened => {
        office = opened
        const peer = await opened.logIn()
        await peer.ask('DELE 1')
        peer.send('QUIT\r\n')
        await started
        peer.drop()
      })
    })
    await started
    const closing = office!.server.close()
    commit()
    await closing
    expect(await office!.summary()).toMatchObject({ reason: 'quit', deleted: 1 })
    expect((await office!.store.findAccount('alice'))?.usedMessages).toBe(1)
  })
})

describe('giving the lock back', () => {
  it('failed at QUIT without marks: there was nothing to lose, and it is logged', async () => {
    const office = await openFaulty({ release: fault() })
    const peer = await office.logIn()
    expect(await peer.ask('QUIT')).toBe('+OK signing off (2 messages left)')
    expect(office.log.some(({ level }) => level === 'error')).toBe(true)
  })

  it('failed after the connection was lost: the server lives on', async () => {
    const office = await openFaulty({ release: fault() })
    const peer = await office.logIn()
    peer.drop()
    await until(() => office.log.some(({ level }) => level === 'error'))
    expect(await (await office.connect()).line()).toMatch(/^\+OK/)
  })
})
