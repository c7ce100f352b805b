// Every nasty string in every state: it gets a reply or a close, and the server goes on serving others. Random octets
// too, cut at random, through a session without a socket.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mechanisms } from '../../src/auth/mechanisms/mechanisms.ts'
import type { Sasl } from '../../src/auth/sasl.ts'
import { fakeVerifier } from '../auth/mechanisms/fake-verifier.ts'
import { addAccount, type Office, openOffice, password, plainAuthenticator } from '../pop3/office.ts'
import type { Peer } from '../pop3/peer.ts'

const verbs = [
  'USER',
  'PASS',
  'QUIT',
  'NOOP',
  'STAT',
  'LIST',
  'RETR',
  'DELE',
  'RSET',
  'TOP',
  'UIDL',
  'CAPA',
  'LAST',
  'HELP',
  'AUTH',
  'APOP',
  'STLS',
]
const strangers = [
  'AUTH PLAIN AAAA',
  'AUTH PLAIN AG5vYm9keQB4',
  'AUTH PLAIN =',
  'AUTH SCRAM-SHA-256 biws',
  'AUTH XOAUTH2 dXNlcj0B',
  'AUTH ../../etc/passwd',
  'APOP alice c4c9334bac560ecc979e58001b3e22fb',
  '=',
  'AG5vYm9keQB4',
  'biwsbj1hLHI9',
  'XTND XMIT',
  'UTF8',
  'LANG *',
  'GET / HTTP/1.1',
  'EHLO me',
  'a1 LOGIN x y',
]
const numbers = [
  '0',
  '-1',
  '+1',
  '01',
  '1.5',
  '1e0',
  '0x1',
  '4294967295',
  '4294967296',
  '4294967297',
  '9007199254740993',
  '99999999999',
  '1abc',
  '1 1 1',
  'NaN',
  '*',
  '1:*',
  '٣',
]
const octetStrings = [
  '',
  ' ',
  '  ',
  '\t',
  '\0',
  '\0\0\0',
  '\r',
  '\r\r',
  '.',
  '..',
  ':',
  '::',
  '%s%n%x',
  '${x}',
  '../../etc/passwd',
  "' OR 1=1 --",
  '<script>',
  '\x1b[2J',
  '\x7f',
  '\x80',
  '\xff',
  '\xff\xf4\xff\xfd\x06',
  '\xef\xbb\xbfSTAT',
  '\xc3\x28',
  '\xed\xa0\x80',
  '\x16\x03\x01\x02\0\x01',
  'A'.repeat(255),
  'A'.repeat(510),
  'A'.repeat(511),
  'A'.repeat(4096),
  'STAT'.repeat(100),
  '\0'.repeat(600),
  '__proto__',
  'constructor',
  'toString',
] // prettier-ignore

const nasty: readonly string[] = [
  ...octetStrings,
  ...strangers,
  ...verbs.flatMap(verb => [
    verb,
    verb.toLowerCase(),
    `${verb} `,
    ` ${verb}`,
    `${verb}\0`,
    `${verb}\r`,
    `${verb} ${'x'.repeat(600)}`,
  ]),
  ...verbs.flatMap(verb => numbers.map(number => `${verb} ${number}`)),
  ...numbers.flatMap(number => [`TOP ${number} 1`, `TOP 1 ${number}`]),
  ...verbs.flatMap(verb => octetStrings.slice(0, 30).map(octets => `${verb} ${octets}`)),
]

const endings = { CRLF: '\r\n', LF: '\n' }

/** Every mechanism there is; nobody is let in by any. */
const sasl: Sasl = {
  mechanisms: () => mechanisms.map(({ name }) => name),
  begin: name => mechanisms.find(mechanism => mechanism.name === name.toUpperCase())?.begin(fakeVerifier()),
}

let office: Office
beforeAll(async () => {
  office = await openOffice({
    authenticator: store => ({ ...plainAuthenticator(store), sasl }),
    limits: { badCommands: 1e9, badCommandsBeforeLogin: 1e9, loginFailures: 1e9 },
  })
  for (const name of ['fuzz1', 'fuzz2', 'fuzz3'])
    await addAccount(office.store, name, ['Subject: 1\n\n.x\n', 'Subject: 2\n\ny\n'])
})
afterAll(() => office.stop())

/** Brings a fresh connection into the state. */
const states: Record<string, (account: string) => Promise<Peer>> = {
  AUTHORIZATION: async () => {
    const peer = await office.connect()
    await peer.line()
    return peer
  },
  'AUTHORIZATION after USER': async account => {
    const peer = await office.connect()
    await peer.line()
    await peer.ask(`USER ${account}`)
    return peer
  },
  TRANSACTION: account => office.logIn(account),
  ...Object.fromEntries(
    ['PLAIN', 'SCRAM-SHA-256', 'CRAM-MD5', 'XOAUTH2'].map(mechanism => [
      `AUTH ${mechanism}`,
      async () => {
        const peer = await office.connect()
        await peer.line()
        expect(await peer.ask(`AUTH ${mechanism}`)).toMatch(/^\+ /)
        return peer
      },
    ]),
  ),
}

/** One reply or a close; true when the connection is still good for more. */
async function survives(peer: Peer, text: string): Promise<boolean> {
  peer.send(text)
  const status = await peer.nextLine()
  if (status === undefined) return false
  // A mechanism may ask on; cancelling then is answered like every failure.
  if (status.startsWith('+ ')) return (await peer.ask('*')) === '-ERR [AUTH] authentication failed'
  expect(status).toMatch(/^(\+OK|-ERR)/)
  expect(status.length + 2).toBeLessThanOrEqual(512)
  const verb = text.slice(0, 4).toUpperCase()
  const isLong =
    status.startsWith('+OK') &&
    (/^(capability|mechanisms|unique-id|top of)/.test(status.slice(4)) ||
      verb === 'RETR' ||
      /^LIST\r?\n/i.test(text))
  if (isLong) await peer.body()
  return true
}

describe.each(Object.entries(states))('in %s', (state, enter) => {
  it.each(
    Object.entries(endings),
  )('every nasty line, ended by %s, gets one reply or a close', async (_, ending) => {
    const account = `fuzz${Object.keys(states).indexOf(state) + 1}`
    let peer = await enter(account)
    for (const text of nasty) {
      const alive = await survives(peer, `${text}${ending}`)
      // The next line tells whether exactly one reply came; QUIT and over-long lines end the connection.
      const inStep = alive && (await peer.ask('XYZZY').catch(() => undefined)) === '-ERR unknown command'
      if (inStep && (await isStillIn(state, peer))) continue
      peer.socket.destroy()
      peer = await reenter(() => enter(account))
    }
    peer.socket.destroy()
    expect(await (await office.connect()).line()).toBe('+OK pop.example POP3 server ready')
    expect(office.log.filter(({ level }) => level === 'error')).toEqual([])
  })
})

async function isStillIn(state: string, peer: Peer): Promise<boolean> {
  const inTransaction = (await peer.ask('STAT')).startsWith('+OK')
  if (state === 'TRANSACTION') return inTransaction
  return state === 'AUTHORIZATION' && !inTransaction
}

/** The lock of the connection before may take a moment to come back. */
async function reenter(enter: () => Promise<Peer>): Promise<Peer> {
  for (;;) {
    try {
      return await enter()
    } catch (error) {
      if (!String(error).includes('[IN-USE]')) throw error
    }
  }
}

describe('random octets', () => {
  it('never end the process, nor the service for others', async () => {
    const line = fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: 'binary', maxLength: 40 }))
    const end = fc.constantFrom('\r\n', '\n', '\r', '')
    const stream = fc.array(fc.tuple(line, end), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(
        stream,
        fc.array(fc.nat(200), { maxLength: 6 }),
        fc.boolean(),
        async (lines, cuts, login) => {
          const peer = await office.connect()
          peer.socket.on('error', () => undefined)
          if (login) peer.send(`USER alice\r\nPASS ${password}\r\n`)
          const octets = Buffer.from(lines.flat().join(''))
          let from = 0
          for (const cut of [...cuts.sort((a, b) => a - b), octets.length]) {
            peer.send(octets.subarray(from, cut))
            from = Math.min(cut, octets.length)
          }
          peer.halfClose()
          // However it went: it ends, and each status line is one.
          const replies = await peer.rest()
          expect(replies.startsWith('+OK pop.example') || replies === '').toBe(true)
        },
      ),
      { numRuns: 150 },
    )
    expect(await (await office.connect()).line()).toBe('+OK pop.example POP3 server ready')
    expect(office.log.filter(({ level }) => level === 'error')).toEqual([])
  })
})
