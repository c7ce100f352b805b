// fetchmail's run control file: what we read of it is what fetchmail reads (`--configdump`), and what it comes to here.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseFetchmailrc } from '../../../../src/pop3/collector/adoption/fetchmail.ts'
import { parseRunControl, type RcOptions } from '../../../../src/pop3/collector/adoption/fetchmail-rc.ts'
import type { ForeignSource } from '../../../../src/pop3/collector/adoption/foreign.ts'
import { itWith, runProgram } from '../../../e2e/program.ts'

const place = { file: '/home/ann/.fetchmailrc', home: '/home/ann' }

/** What fetchmail itself makes of each is asked of it; a reason each. */
const files: readonly (readonly [why: string, text: string])[] = [
  ['the plainest', 'poll a.example proto pop3 user u pass p'],
  ['noise and punctuation', 'poll a.example with proto pop3: user u, with password p; and wants keep'],
  ['a string in double quotes', 'poll a.example proto pop3 user "a b" pass "4u but u cannot krak this" keep'],
  ['a string in single quotes', `poll a.example proto pop3 user u pass 'x"y'`],
  ['escapes in a word', 'poll a.example proto pop3 user u pass x\\x22y\\101z\\0101\\q\\\\'],
  ['escapes in a string', 'poll a.example proto pop3 user u pass "x\\ty\\065\\124\\b"'],
  ['a string over lines', 'poll a.example proto pop3 user u pass "a\nb\\\nc" keep'],
  ['quotes within a word', 'poll a.example proto pop3 user u pass x"y"z'],
  ['no comment within a word', 'poll a.example proto pop3 # a comment "\n user u pass a#b'],
  ['digits as names', 'poll 1.2.3.4 proto pop3 user 123 pass 0 is 12 here keep'],
  ['a password that is a keyword', 'poll a.example proto pop3 user u pass keep keep'],
  ['a local name that is a keyword', 'poll a.example proto pop3 user u pass is is is here'],
  ['several users', 'poll a.example proto pop3 user u pass p is x here user v there pass q keep'],
  ['the local user first', 'poll a.example user esr here is eric there options keep fetchall'],
  [
    'a list of local names',
    "poll a.example proto pop3 user u pass p to golux 'hurkle'='happy' \"x y\" and snark here keep",
  ],
  ['everybody', 'poll a.example proto pop3 user u pass p to u=v * keep'],
  ['local names in two places', 'poll a.example proto pop3 user u is x here pass p is y here'],
  ['turned off in one word and in two', 'poll a.example proto pop3 user u pass p keep ssl nokeep no ssl'],
  [
    'a list that a turned off option ends',
    'poll a.example proto imap user u pass p folder a,b c nokeep folder d',
  ],
  [
    'an option whose name begins like another',
    'poll a.example proto pop3 user u sslproto TLS1.2+ ssl pass p',
  ],
  [
    'numbers',
    'poll a.example proto pop3 port 3111 timeout 30 interval 3 user u pass p limit 1000 fetchlimit 2 expunge 4',
  ],
  ['a service by name', 'poll a.example proto pop3 service pop3s user u pass p ssl no sslcertck'],
  ['other spellings', 'server a.example protocol IMAP authenticate password username u password p'],
  ['a name of its own', 'poll label via a.example proto pop3 uidl user u pass p'],
  ['skipped', 'skip a.example proto pop3 user u pass p'],
  [
    'defaults of users',
    'defaults proto pop3 user jsmith\npoll a.example pass one\npoll b.example user jj there has password two',
  ],
  [
    'defaults that are overridden',
    'defaults proto pop3 port 3000 user d pass dp keep ssl\npoll a.example proto imap is x here\npoll b.example user q nokeep user r pass rr no ssl\nskip c.example port 110',
  ],
  [
    'a mail transfer to hosts',
    'poll a.example proto pop3 user u pass p smtphost one two/2525 smtpaddress x.example keep',
  ],
  [
    'a socket of LMTP',
    'poll a.example proto pop3 user u pass p smtphost /var/run/lmtp lmtp smtpname joe@x.example',
  ],
  ['an MDA', "poll a.example user esr there is eric here and wants mda '/bin/x -d %T'"],
  [
    'what is said of all',
    'set daemon 300 set nobouncemail set no spambounce set postmaster "joe" set properties y poll a.example proto pop3 user u pass p',
  ],
  [
    'options of servers that we do not take',
    "poll a.example plugin 'ssh %h imapd' proto imap auth ssh aka x y no dns tracepolls envelope 2 'Delivered-To' localdomains x.example user esr is esr here",
  ],
  [
    'no envelope',
    'poll a.example proto pop3 no envelope checkalias user u pass p antispam 571 550 fetchdomains a.b c.d idle',
  ],
]

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-fetchmailrc-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

interface DumpedUser {
  remote: string
  password: string | null
  localnames: (string | [string, string])[]
  keep: boolean
  fetchall: boolean
  ssl: boolean
  sslproto: string | null
  sslcertck: boolean
  mda: string | null
  lmtp: boolean
  limit: number
  fetchlimit: number
  expunge: number
  mailboxes: string[]
  smtphunt: string[]
  smtpaddress: string | null
  smtpname: string | null
}

interface Dump {
  poll_interval: number
  servers: {
    pollname: string
    active: boolean
    via: string | null
    protocol: string
    service: string | null
    interval: number
    users: DumpedUser[]
  }[]
}

/** What fetchmail has read of each; it prints that as Python. */
async function dumped(texts: readonly string[]): Promise<Dump[]> {
  const file = join(folder, 'rc')
  const env = { HOME: folder, USER: 'nobody-in-particular', LOGNAME: 'nobody-in-particular' }
  const printed: string[] = []
  for (const text of texts) {
    writeFileSync(file, text, { mode: 0o600 })
    const run = await runProgram('fetchmail', ['--configdump', '--nosyslog', '-f', file], { env })
    const output = run.stdout.toString('latin1')
    if (run.code !== 0) throw new Error(`fetchmail says of ${text}: ${run.stderr}${output}`)
    printed.push(output.slice(output.indexOf('fetchmailrc =')))
  }
  const { stdout, stderr } = await runProgram('python3', ['-c', fromPython], {
    input: JSON.stringify(printed),
  })
  if (stdout.length === 0) throw new Error(stderr)
  return JSON.parse(stdout.toString()) as Dump[]
}

const fromPython = `
import sys, json
dumps = []
for text in json.load(sys.stdin):
    names = {'TRUE': True, 'FALSE': False}
    exec(text, names)
    dumps.append(names['fetchmailrc'])
print(json.dumps(dumps))
`

/** Ours, in the words of the dump. */
function ours(text: string): Dump {
  const { globals, entries } = parseRunControl(text, 'rc')
  const defaults = entries.find(({ verb }) => verb === 'defaults')
  const servers = entries
    .filter(({ verb }) => verb !== 'defaults')
    .map(entry => {
      const server = new Map([...(defaults?.server ?? []), ...entry.server])
      const users = (
        entry.users.length > 0
          ? entry.users
          : [{ remote: undefined, locals: [], options: new Map() as RcOptions }]
      ).map(user => {
        const options = new Map([...(defaults?.users[0]?.options ?? []), ...user.options])
        const locals = user.locals.map(name =>
          name.includes('=') ? (name.split('=') as [string, string]) : name,
        )
        return dumpedUser(options, user.remote ?? defaults?.users[0]?.remote ?? '', locals)
      })
      return {
        pollname: entry.name,
        active: entry.verb === 'poll',
        via: word(server, 'via'),
        protocol: word(server, 'protocol') ?? 'auto',
        service: word(server, 'service'),
        interval: Number(word(server, 'interval') ?? 0),
        users,
      }
    })
  return { poll_interval: Number(word(globals, 'daemon') ?? 0), servers }
}

const word = (options: RcOptions, name: string) => options.get(name)?.words[0]?.text ?? null
const isOn = (options: RcOptions, name: string, otherwise = false) => {
  const option = options.get(name)
  return option ? !option.isOff : otherwise
}
const words = (options: RcOptions, name: string) => options.get(name)?.words.map(({ text }) => text) ?? []

function dumpedUser(options: RcOptions, remote: string, localnames: DumpedUser['localnames']): DumpedUser {
  return {
    remote,
    password: word(options, 'password'),
    localnames,
    keep: isOn(options, 'keep'),
    fetchall: isOn(options, 'fetchall'),
    ssl: isOn(options, 'ssl'),
    sslproto: word(options, 'sslproto'),
    sslcertck: isOn(options, 'sslcertck', true),
    mda: word(options, 'mda'),
    lmtp: isOn(options, 'lmtp'),
    limit: Number(word(options, 'limit') ?? 0),
    fetchlimit: Number(word(options, 'fetchlimit') ?? 0),
    expunge: Number(word(options, 'expunge') ?? 0),
    mailboxes: words(options, 'folder'),
    smtphunt: words(options, 'smtphost'),
    smtpaddress: word(options, 'smtpaddress'),
    smtpname: word(options, 'smtpname'),
  }
}

/** What both have, without what fetchmail fills in by itself. */
function comparable(dump: Dump): unknown {
  return {
    interval: dump.poll_interval,
    servers: dump.servers.map(({ users, pollname, active, via, protocol, service, interval }) => ({
      pollname,
      active,
      via,
      protocol: protocol.toLowerCase(),
      service,
      interval,
      users: users.map(user => {
        const names = Object.keys(dumpedUser(new Map(), '', [])) as (keyof DumpedUser)[]
        const own = Object.fromEntries(names.map(name => [name, user[name]]))
        const fetchmails = { localnames: [['nobody-in-particular'], ['root']], smtphunt: [['localhost']] }
        for (const [name, values] of Object.entries(fetchmails))
          if (values.some(value => JSON.stringify(value) === JSON.stringify(own[name]))) own[name] = []
        // Of ssh it takes the user for the password.
        if (own['password'] === own['remote']) own['password'] = null
        for (const name of ['limit', 'fetchlimit', 'expunge']) if (Number(own[name]) < 0) own[name] = 0
        return own
      }),
    })),
  }
}

describe('a run control file', () => {
  itWith('fetchmail', 'is read as fetchmail reads it', async () => {
    const dumps = await dumped(files.map(([, text]) => text))
    files.forEach(([why, text], index) => {
      const dump = dumps[index]
      if (!dump) throw new Error(why)
      expect([why, comparable(ours(text))]).toEqual([why, comparable(dump)])
    })
  })
})

/** The only source of a file. */
function only(text: string): ForeignSource {
  const { sources } = parseFetchmailrc(text, place)
  const [source] = sources
  if (!source || sources.length !== 1) throw new Error(`${sources.length} sources`)
  return source
}

const plain = 'poll pop.example proto pop3 user u pass p is ann here'

describe('a source of fetchmail', () => {
  it('that is skipped is for hands only', () => {
    expect(only('set daemon 300 skip a.example proto pop3 user u pass p is x here').everyMs).toBe(0)
  })

  it('deletes what it has fetched, unless it keeps', () => {
    expect(only(plain).keep).toBe('none')
    expect(only(`${plain} keep`).keep).toBe('all')
    expect(only(`${plain} keep nokeep`).keep).toBe('none')
  })

  it.each([
    ['ssl', 'implicit'],
    ['', 'stls'],
    ["sslproto 'TLS1.2+'", 'stls'],
    ["sslproto ''", 'stls'],
  ] as const)('with %j has TLS %s', (options, tls) => {
    expect(only(`${plain} ${options}`).tls).toBe(tls)
  })

  it('goes on in clear on loopback only, and says where it does not', () => {
    const clear = (host: string) => only(`poll ${host} proto pop3 user u pass p is ann here sslproto ''`)
    expect(clear('127.0.0.1')).toMatchObject({ tls: 'none', remarks: [expect.not.stringContaining('clear')] })
    expect(clear('pop.example').remarks.join()).toMatch(/in clear/)
  })

  it('has the host of `via`, the interval of the daemon, and the limits', () => {
    const source = only(
      'set daemon 300 poll label via pop.example port 3110 proto pop3 interval 2 user u pass p is ann here limit 1000 fetchlimit 7 expunge 3',
    )
    expect(source).toMatchObject({
      label: 'label',
      host: 'pop.example',
      port: 3110,
      everyMs: 600_000,
      maxOctets: 1000,
      batch: 7,
      commitEvery: 3,
    })
  })

  it.each([
    ['is ann here', 'smtp://localhost:25/ann@localhost'],
    [
      'is ann here smtphost mx.example/2525 smtpaddress example.net',
      'smtp://mx.example:2525/ann@example.net',
    ],
    [
      'is ann here smtphost /run/lmtp lmtp smtpname a+b@example.net',
      'lmtp+unix:/run/lmtp?to=a%2Bb@example.net',
    ],
    ['is ann here smtphost mx.example/24 lmtp', 'lmtp://mx.example:24/ann@localhost'],
    ["is ann here mda '/usr/bin/procmail -d %T'", 'command:/usr/bin/procmail -d ann'],
    ["mda '/usr/bin/maildrop'", 'command:/usr/bin/maildrop'],
    ["is ann here mda 'procmail -d %s | logger'", "command:/bin/sh -c 'procmail -d ann | logger'"],
  ])('with %j delivers to %s', (options, to) => {
    expect(only(`poll pop.example proto pop3 user u pass p ${options}`).to).toEqual([to])
  })

  it.each([
    ['', /local user who runs it/],
    ['to ann bob', /several local users/],
    ['to a=b', /several local users/],
    ['to *', /several local users/],
    ["is ann here mda '/bin/x -f %F'", /script/],
    [`is ann here mda "/bin/x '$1' | y"`, /script/],
    ['is ann here bsmtp /tmp/x', /BSMTP/],
    ['is ann here smtphost mx.example lmtp', /port of its LMTP/],
  ])('with %j has no destination, and says why', (options, reason) => {
    const source = only(`poll pop.example proto pop3 user u pass p ${options}`)
    expect(source.to).toEqual([])
    expect(source.remarks.join('\n')).toMatch(reason)
  })

  it('names what is not taken over, once it is set', () => {
    const remarks = only(
      `${plain} preconnect 'date' fetchall no mimedecode no sslcertck sslfingerprint AA:BB`,
    ).remarks.join('\n')
    for (const name of ['preconnect', 'fetchall', 'no sslcertck', 'fingerprint'])
      expect(remarks).toContain(name)
    expect(remarks).not.toContain('mimedecode')
    expect(only(`poll a.example proto pop3 auth ntlm user u pass p is x here`).remarks.join()).toMatch(/ntlm/)
  })

  it('leaves out what speaks another protocol', () => {
    const { sources, remarks } = parseFetchmailrc(
      'poll a.example proto etrn\npoll b.example proto pop3 user u pass p',
      place,
    )
    expect(sources.map(({ host }) => host)).toEqual(['b.example'])
    expect(remarks).toEqual([expect.stringMatching(/line 1: a\.example speaks neither/)])
  })

  it('looks for its list where `idfile` says, or at home', () => {
    expect(only(`set idfile "~/ids" ${plain}`).stateFiles).toEqual(['/home/ann/ids'])
    expect(only(plain).stateFiles).toContain('/home/ann/.fetchids')
  })

  it('shows no password, but gives it to who asks', () => {
    const { secret } = only(`poll a.example proto pop3 user u\npass "hunter2" is x here`)
    if (secret.kind !== 'in-file') throw new Error(secret.kind)
    expect(secret.password).toMatchObject({ file: place.file, line: 2 })
    expect(secret.password.reveal()).toBe('hunter2')
    expect(JSON.stringify(secret)).not.toContain('hunter2')
  })
})

describe('a broken run control file', () => {
  it.each([
    ['poll a proto pop3 user u pass "p', /line 1: the string/],
    ["poll a\nproto pop3 user u pass 'p", /line 2: the string/],
    ['poll a proto pop3 user', /ends where a word was to come/],
    ['keep', /before the first `poll`/],
  ])('%j is refused', (text, message) => {
    expect(() => parseFetchmailrc(text, place)).toThrow(message)
  })

  it('with a word that nobody knows goes on, and does not show the word', () => {
    const { sources, remarks } = parseFetchmailrc(
      'poll a.example proto pop3\nuser u pass my hunter2 is x here',
      place,
    )
    expect(sources).toMatchObject([{ user: 'u', to: ['smtp://localhost:25/x@localhost'] }])
    expect(remarks).toEqual([expect.stringMatching(/line 2: a word here/)])
    expect(remarks.join()).not.toContain('hunter2')
  })

  it('takes no time that grows with the square of its length', () => {
    const huge = `poll a.example proto pop3 user u pass ${'\\'.repeat(300_000)}x is ${'"a" '.repeat(40_000)}`
    expect(parseFetchmailrc(huge, place).sources).toHaveLength(1)
    expect(() => parseFetchmailrc('poll '.repeat(200_000), place)).toThrow(/too long/)
  })
})
