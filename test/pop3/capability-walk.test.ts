// A walk through CAPA by every door and in every state: each tag is proved by using it, and what is not announced does not
// work. RFC 2449 sections 5 to 8, RFC 3206, RFC 2595 section 4, RFC 5034 section 3, RFC 6856.
import { afterEach, describe, expect, it } from 'vitest'
import { cramMd5Client } from '../../src/auth/mechanisms/cram-md5-client.ts'
import { loginClient } from '../../src/auth/mechanisms/login-client.ts'
import { mechanisms } from '../../src/auth/mechanisms/mechanisms.ts'
import { plainClient } from '../../src/auth/mechanisms/plain-client.ts'
import { scramClient } from '../../src/auth/mechanisms/scram-client.ts'
import type { SaslClient } from '../../src/auth/sasl-client.ts'
import { commands } from '../../src/pop3/server/commands.ts'
import {
  apopDigest,
  type Door,
  expectOk,
  foreignName,
  type Greeted,
  messages,
  OpenDoor,
  type State,
  secure,
} from './doors.ts'
import { password, until } from './office.ts'
import type { Peer } from './peer.ts'

const dayMs = 86_400_000
const allTags = ['LANG', 'UTF8 USER', 'UIDL', 'TOP', 'RESP-CODES', 'AUTH-RESP-CODE', 'PIPELINING']
const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-1']
const simple = ['CRAM-MD5', 'PLAIN', 'LOGIN']
const sasl = `SASL ${[...scram, ...simple].join(' ')}`
const saslWithTls = `SASL ${[...scram.map(name => `${name}-PLUS`), ...scram, ...simple].join(' ')}`

/** Every door, and what it announces; `inside` where that differs after login. */
const doors: readonly (Door & { readonly tells: readonly string[]; readonly inside?: readonly string[] })[] =
  [
    {
      what: 'in clear, where that is allowed and there is nothing else',
      channel: 'clear',
      ways: 'password',
      hasTls: false,
      cleartextLogin: 'always',
      implementation: 'Poplar/walk',
      tells: ['USER', ...allTags, 'EXPIRE NEVER', 'IMPLEMENTATION Poplar/walk'],
    },
    {
      what: 'in clear with every mechanism, and TLS at hand',
      channel: 'clear',
      ways: 'all',
      cleartextLogin: 'always',
      implementation: '',
      rules: { loginDelayMs: 60_000, retention: [{ folder: 'INBOX', olderThanMs: 30 * dayMs }] },
      tells: ['USER', sasl, 'STLS', ...allTags, 'EXPIRE 30', 'LOGIN-DELAY 60'],
    },
    {
      what: 'in clear, where no login may travel',
      channel: 'clear',
      ways: 'all',
      cleartextLogin: 'never',
      implementation: '',
      tells: ['STLS', ...allTags.map(tag => tag.replace(' USER', '')), 'EXPIRE NEVER'],
      inside: ['USER', saslWithTls, ...allTags, 'EXPIRE NEVER'],
    },
    {
      what: 'behind STLS, where mail goes once it was retrieved',
      channel: 'STLS',
      ways: 'all',
      cleartextLogin: 'never',
      implementation: '',
      rules: { retention: [{ folder: 'INBOX', afterFetchMs: 0 }] },
      tells: ['USER', saslWithTls, ...allTags, 'EXPIRE 0'],
    },
    {
      what: 'by POP3S with passwords alone, where nothing can be promised',
      channel: 'POP3S',
      ways: 'password',
      cleartextLogin: 'never',
      implementation: '',
      rules: { retention: [{ folder: 'INBOX', maxMessages: 1000 }] },
      tells: ['USER', ...allTags],
    },
    {
      what: 'by POP3S with every mechanism',
      channel: 'POP3S',
      ways: 'all',
      cleartextLogin: 'never',
      implementation: '',
      rules: { retention: [{ folder: 'Junk', olderThanMs: 7 * dayMs }] },
      tells: ['USER', saslWithTls, ...allTags, 'EXPIRE 7 USER'],
      inside: ['USER', saslWithTls, ...allTags, 'EXPIRE NEVER'],
    },
    {
      what: 'of old devices that know no TLS',
      channel: 'clear',
      ways: 'password',
      hasTls: false,
      cleartextLogin: 'always',
      isForOldDevices: true,
      implementation: '',
      tells: ['USER', ...allTags, 'EXPIRE NEVER'],
    },
    {
      what: 'of old devices behind TLS',
      channel: 'STLS',
      ways: 'all',
      cleartextLogin: 'never',
      isForOldDevices: true,
      implementation: '',
      tells: ['USER', saslWithTls, ...allTags, 'EXPIRE NEVER'],
    },
  ]

/** What the proof is given: the door, and the words behind the tag. */
type Proof = (open: OpenDoor, words: readonly string[]) => Promise<void>

/** One for each tag there is; a tag that has none fails the walk. */
const proofs: Readonly<Record<string, Proof>> = {
  USER: async open => {
    const { peer } = await open.connect()
    await expectOk(peer, 'USER alice')
    expect(await peer.ask(`PASS ${password}`)).toBe('+OK 2 messages (38 octets)')
    await end(peer)
  },
  SASL: async (open, words) => {
    for (const mechanism of words) {
      const door = await open.connect()
      expect(await authenticate(door, clientFor(mechanism, door)), mechanism).toMatch(/^\+OK 2 messages/)
      await end(door.peer)
    }
  },
  STLS: async open => {
    const { peer } = await secure(await open.connect())
    expect(await peer.askLong('CAPA')).not.toContain('STLS')
    await end(peer)
  },
  LANG: async open => {
    const { peer } = await open.connect()
    expect(await peer.askLong('LANG')).toContainEqual(expect.stringMatching(/^ru /))
    expect(await peer.ask('LANG ru')).toMatch(/^\+OK ru /)
    await end(peer)
  },
  UTF8: async (open, words) => {
    const { peer } = words.includes('USER') ? await open.connect() : await open.connectToLogIn()
    await expectOk(peer, 'UTF8')
    peer.send(Buffer.from(`USER ${foreignName}\r\nPASS ${password}\r\n`))
    expect([await peer.line(), await peer.line()]).toEqual([
      expect.stringMatching(/^\+OK/),
      '+OK 0 messages (0 octets)',
    ])
    await end(peer)
  },
  UIDL: async open => {
    const peer = await open.logIn()
    expect(await peer.askLong('UIDL')).toHaveLength(3)
    await end(peer)
  },
  TOP: async open => {
    const peer = await open.logIn()
    expect(await peer.askLong('TOP 1 0')).toEqual(['+OK top of message follows', 'Subject: 1', ''])
    await end(peer)
  },
  'RESP-CODES': async open => {
    const first = await open.logIn()
    const { peer } = await open.connectToLogIn()
    await expectOk(peer, 'USER alice')
    expect(await peer.ask(`PASS ${password}`)).toMatch(/^-ERR \[IN-USE\] /)
    await end(peer)
    await end(first)
  },
  'AUTH-RESP-CODE': async open => {
    const { peer } = await open.connectToLogIn()
    await expectOk(peer, 'USER alice')
    expect(await peer.ask('PASS wrong')).toMatch(/^-ERR \[AUTH\] /)
    await end(peer)
  },
  PIPELINING: async open => {
    const { peer } = await open.connectToLogIn()
    peer.send(`USER alice\r\nPASS ${password}\r\nSTAT\r\nNOOP\r\nQUIT\r\n`)
    expect((await peer.rest()).split('\r\n').slice(1)).toEqual([
      '+OK 2 messages (38 octets)',
      '+OK 2 38',
      '+OK',
      '+OK signing off (2 messages left)',
      '',
    ])
  },
  EXPIRE: async (open, [value]) => {
    const peer = await open.logIn()
    await peer.askLong('RETR 1')
    await peer.ask('QUIT')
    const again = await open.logIn()
    expect(await again.ask('STAT')).toMatch(value === '0' ? /^\+OK 1 / : /^\+OK 2 /)
    await end(again)
  },
  'LOGIN-DELAY': async open => {
    await end(await open.logIn())
    const { peer } = await open.connectAtOnce()
    await expectOk(peer, 'USER alice')
    expect(await peer.ask(`PASS ${password}`)).toMatch(/^-ERR \[LOGIN-DELAY\] /)
    await expectOk(peer, 'USER alice')
    // Nothing of it is told to who does not have the password.
    expect(await peer.ask('PASS wrong')).toMatch(/^-ERR \[AUTH\] /)
    await end(peer)
    await end(await open.logIn())
  },
  IMPLEMENTATION: async (open, words) => {
    expect(words.join(' ')).toBe(open.door.implementation)
  },
}

function clientFor(mechanism: string, { tls }: Greeted): SaslClient {
  const given = { name: 'alice', password }
  const [, hash, isBound] = /^SCRAM-(SHA-1|SHA-256)(-PLUS)?$/.exec(mechanism) ?? []
  if (hash === 'SHA-1' || hash === 'SHA-256')
    return scramClient(given, { hash, ...(isBound && tls && { binding: bindingOf(tls) }) })
  const clients: Record<string, () => SaslClient> = {
    PLAIN: () => plainClient(given),
    LOGIN: () => loginClient(given),
    'CRAM-MD5': () => cramMd5Client(given),
  }
  const create = clients[mechanism]
  if (!create) throw new Error(`nothing proves ${mechanism}`)
  return create()
}

function bindingOf(tls: NonNullable<Greeted['tls']>) {
  const octets = tls.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
  return { type: 'tls-exporter', octets } as const
}

async function authenticate({ peer }: Greeted, client: SaslClient): Promise<string> {
  let line = await peer.ask(`AUTH ${client.name}`)
  while (line.startsWith('+ ')) {
    const response = await client.next(Buffer.from(line.slice(2), 'base64'))
    line = await peer.ask(Buffer.from(response ?? '').toString('base64'))
  }
  return line
}

/** Ends a session, with the lock given back. */
async function end(peer: Peer): Promise<void> {
  peer.send('QUIT\r\n')
  await peer.rest()
}

/** Lines that never work here, whatever is announced: what others know, what once was, what a tag is not. */
const never: readonly string[] = [
  'XTND',
  'XTND XMIT',
  'XTND BBOARDS comp.mail',
  'XSENDER 1',
  'XTRA',
  'XUIDL',
  'XLST 1 From',
  'XTIT',
  'XMIT',
  'RPOP alice',
  'MDLE 1',
  'ETRN example.net',
  'TURN',
  'AUTH=PLAIN',
  'AUTH =',
  'AUTH ANONYMOUS',
  'AUTH NTLM',
  'AUTH GSSAPI',
  'AUTH KERBEROS_V4',
  'AUTH X-UNKNOWN',
  'STARTTLS',
  'COMPRESS DEFLATE',
  'CAPABILITY',
  'EHLO pop.example',
  'HELO alice sesame',
  'LIST 1 2',
  'UTF8 USER',
  'LANG klingon',
  'EXPIRE',
  'EXPIRE 0',
  'LOGIN-DELAY',
  'PIPELINING',
  'RESP-CODES',
  'SASL',
  'SASL PLAIN',
  'IMPLEMENTATION',
]

/** Lines that work only where their tag is announced: the tag, or `SASL` and the mechanism. */
const whereAnnounced: readonly (readonly [line: string, tag: string])[] = [
  ['USER alice', 'USER'],
  ['STLS', 'STLS'],
  ...mechanisms.map(({ name }) => [`AUTH ${name}`, `SASL ${name}`] as const),
]

const verbsOf = (state: 'authorization' | 'transaction') =>
  Object.entries(commands).flatMap(([verb, row]) => (row[state] ? [] : [verb]))

/** Well-formed, so that nothing but the state is wrong with them. */
const argumentsOf: Readonly<Record<string, string>> = {
  USER: ' alice',
  PASS: ` ${password}`,
  APOP: ' alice c4c9334bac560ecc979e58001b3e22fb',
  AUTH: ' PLAIN',
  RETR: ' 1',
  TOP: ' 1 0',
  DELE: ' 1',
}

function isAnnounced(tag: string, tags: readonly string[]): boolean {
  const [word = '', mechanism] = tag.split(' ')
  const told = tags.find(each => each.split(' ')[0] === word)?.split(' ')
  return told !== undefined && (mechanism === undefined || told.includes(mechanism))
}

let open: OpenDoor | undefined
afterEach(async () => {
  await open?.close()
  open = undefined
})

describe.each(doors)('$what', ({ tells, inside = tells, ...door }) => {
  const states: readonly State[] = ['AUTHORIZATION', 'TRANSACTION', 'TRANSACTION, read-only']

  it.each(states)('in %s it announces exactly what it should, and each tag works', async state => {
    open = await OpenDoor.open(door)
    await settled(open)
    const peer = await open.enter(state)
    const tags = (await peer.askLong('CAPA')).slice(1)
    await end(peer)
    const expected = state === 'AUTHORIZATION' ? tells : inside
    expect([...tags].sort()).toEqual([...expected].sort())
    // A read-only login differs in DELE, not in what is announced; the rest is proved by logins that may delete.
    for (const tag of state === 'TRANSACTION, read-only' ? [] : tags) {
      const [word = '', ...words] = tag.split(' ')
      const proof = proofs[word]
      if (!proof) throw new Error(`nothing proves ${tag}`)
      // Behind STLS everything is allowed: what is announced after it is tried there.
      const outcome = proof(state === 'AUTHORIZATION' || open.mayLogIn ? open : await reopened(door), words)
      await outcome.catch(error => {
        throw new Error(`${tag} is announced in ${state} and does not work`, { cause: error })
      })
    }
  })

  it.each(states)('in %s nothing works that is not announced, or not of this state', async state => {
    open = await OpenDoor.open(door)
    await settled(open)
    const peer = await open.enter(state)
    const tags = (await peer.askLong('CAPA')).slice(1)
    const isBefore = state === 'AUTHORIZATION'
    const wrongState = verbsOf(isBefore ? 'authorization' : 'transaction').map(
      verb => verb + (argumentsOf[verb] ?? ''),
    )
    const unannounced = whereAnnounced.filter(([, tag]) => !isBefore || !isAnnounced(tag, tags))
    for (const line of [...never, ...wrongState, ...unannounced.map(([line]) => line)]) {
      expect(await peer.ask(line), line).toMatch(/^-ERR /)
    }
    expect(await peer.ask('HELP')).toMatch(/^\+OK/)
    if (state === 'TRANSACTION, read-only') expect(await peer.ask('DELE 1')).toMatch(/^-ERR \[SYS\/PERM\]/)
    await end(peer)
  })

  it('takes APOP exactly where the greeting offers it', async () => {
    open = await OpenDoor.open(door)
    await settled(open)
    const { peer, timestamp } = await open.connect()
    expect(timestamp !== undefined).toBe(door.ways === 'all')
    const reply = await peer.ask(`APOP alice ${apopDigest(timestamp ?? '<none>')}`)
    expect(reply).toMatch(door.ways === 'all' && open.mayLogIn ? /^\+OK 2 messages/ : /^-ERR /)
    await end(peer)
  })
})

/** The same door as it is behind STLS. */
async function reopened(door: Door): Promise<OpenDoor> {
  await open?.close()
  open = await OpenDoor.open({ ...door, channel: 'STLS' })
  await settled(open)
  return open
}

/** What may be offered follows from a survey of the accounts, which has its time: until then less is. */
async function settled(opened: OpenDoor): Promise<void> {
  if (opened.door.ways === 'password') return
  await until(async () => {
    const door = await opened.connectToLogIn()
    const told = await door.peer.askLong('CAPA')
    await end(door.peer)
    return door.timestamp !== undefined && told.some(tag => /^SASL .*SCRAM.* CRAM-MD5 /.test(tag))
  })
}

describe('before and after login', () => {
  it('the values differ where accounts do', async () => {
    open = await OpenDoor.open({
      what: 'accounts that differ',
      channel: 'clear',
      ways: 'password',
      hasTls: false,
      cleartextLogin: 'always',
      implementation: '',
      rules: { loginDelayMs: 60_000, retention: [{ folder: 'INBOX', olderThanMs: 30 * dayMs }] },
    })
    await open.store.changeSettings('alice', { loginDelayMs: 0, expireDays: 'never' })
    const told = async (state: State) => {
      const peer = await open!.enter(state)
      const tags = (await peer.askLong('CAPA')).filter(tag => /^(EXPIRE|LOGIN-DELAY)/.test(tag))
      await end(peer)
      return tags
    }
    await until(async () => (await told('AUTHORIZATION')).includes('EXPIRE 30 USER'))
    expect(await told('AUTHORIZATION')).toEqual(['EXPIRE 30 USER', 'LOGIN-DELAY 60 USER'])
    expect(await told('TRANSACTION')).toEqual(['EXPIRE NEVER'])
  })
})

describe('EXPIRE 0', () => {
  const door: Door = {
    what: 'until retrieved',
    channel: 'clear',
    ways: 'password',
    hasTls: false,
    cleartextLogin: 'always',
    rules: { retention: [{ folder: 'INBOX', afterFetchMs: 0 }] },
  }

  it('deletes at QUIT what RETR has sent, RSET or not, and nothing else', async () => {
    open = await OpenDoor.open(door)
    const peer = await open.logIn()
    await peer.askLong('RETR 1')
    await peer.askLong('TOP 2 10')
    await expectOk(peer, 'RSET')
    expect(await peer.ask('STAT')).toBe('+OK 2 38')
    expect(await peer.ask('QUIT')).toBe('+OK signing off (1 message left)')
    const again = await open.logIn()
    expect((await again.askLong('RETR 1')).slice(1)).toEqual(messages[1]!.split('\n').slice(0, -1))
    expect((await open.office.summary()).deleted).toBe(1)
    await end(again)
  })

  it('deletes nothing of a session that is lost', async () => {
    open = await OpenDoor.open(door)
    const peer = await open.logIn()
    await peer.askLong('RETR 1')
    peer.drop()
    await open.office.summary()
    const again = await open.logIn()
    expect(await again.ask('STAT')).toBe('+OK 2 38')
    await end(again)
  })

  it('deletes nothing of a login that may only read', async () => {
    open = await OpenDoor.open(door)
    const peer = await open.enter('TRANSACTION, read-only')
    await peer.askLong('RETR 1')
    expect(await peer.ask('QUIT')).toBe('+OK signing off (2 messages left)')
    const again = await open.enter('TRANSACTION')
    expect(await again.ask('STAT')).toBe('+OK 2 38')
    await end(again)
  })
})
