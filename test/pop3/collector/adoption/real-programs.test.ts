// fetchmail, getmail6 and mpop themselves fetch from the office and keep there; what they leave is read, and is exactly what
// they have seen, whatever the UIDLs look like. What came since is new.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import type { CollectionLedger } from '../../../../src/mail/collection-ledger.ts'
import { connect, password } from '../../../../src/pop3/client/index.ts'
import { adopt } from '../../../../src/pop3/collector/adoption/adopt.ts'
import type { AdoptedSource } from '../../../../src/pop3/collector/adoption/adopted.ts'
import { compareListing, unfoldedKeys } from '../../../../src/pop3/collector/adoption/comparison.ts'
import { readForeignState } from '../../../../src/pop3/collector/adoption/read-foreign-state.ts'
import { maildirDestination } from '../../../../src/pop3/collector/destinations/maildir.ts'
import { defaultPolicy } from '../../../../src/pop3/collector/policy.ts'
import { runOnce } from '../../../../src/pop3/collector/run.ts'
import { pop3Source } from '../../../../src/pop3/collector/sources/pop3.ts'
import { createMemoryStore } from '../../../../src/store/memory-store.ts'
import { deliverByLmtp } from '../../../e2e/line-peer.ts'
import { Office } from '../../../e2e/office.ts'
import { itWith, runOrFail } from '../../../e2e/program.ts'

/** RFC 1939 section 7 allows all of 0x21 to 0x7E, 70 of them. */
const oddUidls = [
  'a@b%c"d\\e',
  '#hash',
  '<m@x.example>',
  'x/y',
  '*star',
  "~!$&*()'q;u",
  'k',
  '12',
  '-',
  'n'.repeat(70),
]
const user = 'jo'
/** One maildrop for all: what a test adds, the next one's program sees. */
let office: Office
let folder: string

beforeAll(async () => {
  office = await Office.create()
  folder = mkdtempSync(join(tmpdir(), 'poplar-adoption-'))
  const maildir = join(folder, 'Maildir')
  for (const part of ['cur', 'new', 'tmp']) mkdirSync(join(maildir, part), { recursive: true })
  const lines = oddUidls.map((uidl, index) => {
    writeFileSync(
      join(maildir, 'cur', `${index + 1}.m:2,S`),
      `From: ann@example.net\nSubject: ${index}\n\ntext\n`,
    )
    return `${index + 1} P${uidl} :${index + 1}.m`
  })
  writeFileSync(join(maildir, 'dovecot-uidlist'), `3 V255 N${oddUidls.length + 1}\n${lines.join('\n')}\n`)
  await office.run(['user', 'add', user, '--password-stdin'], `${user}-secret\n`)
  await office.run(['import', user, 'maildir', maildir])
  await office.start()
}, 120_000)
afterAll(async () => {
  await office.close()
  rmSync(folder, { recursive: true })
})

/** A home of its own for each program. */
function homeOf(name: string): string {
  const home = join(folder, name)
  mkdirSync(home, { mode: 0o700 })
  return home
}

function put(home: string, name: string, text: string): string {
  const file = join(home, name)
  writeFileSync(file, text, { mode: 0o600 })
  return file
}

async function only(path: string, home: string): Promise<AdoptedSource> {
  const { sources } = await readForeignState([path], { home })
  const [source] = sources
  if (!source || sources.length !== 1) throw new Error(`${sources.length} sources`)
  return source
}

async function listing(): Promise<(string | undefined)[]> {
  await using session = await connect({
    host: '127.0.0.1',
    port: office.ports.pop3,
    tls: 'none',
    allowCleartextAuth: true,
    auth: password(user, `${user}-secret`),
  })
  return (await session.listing()).map(({ key }) => key)
}

async function oneMore(): Promise<void> {
  const letter = Buffer.from('Subject: later\r\n\r\nlater\r\n')
  const [reply] = await deliverByLmtp(office.ports.lmtp, [`${user}@mail.test.example`], letter)
  expect(reply).toMatch(/^250/)
}

/** All that was seen is known, in the ledger too; what came since is not. */
async function expectExactly(source: AdoptedSource, seen: readonly (string | undefined)[]): Promise<void> {
  expect(seen).toEqual(expect.arrayContaining(oddUidls))
  const matched = unfoldedKeys(source, await listing())
  expect(matched.known.map(({ key }) => key).sort()).toEqual([...seen].sort())
  await oneMore()
  const later = await listing()
  const fresh = later.filter(key => !seen.includes(key))
  expect(fresh).toHaveLength(1)
  const known = seen.length
  expect(compareListing(matched, later)).toEqual({ listed: known + 1, known, fresh, nameless: 0, gone: 0 })

  const ledger = createMemoryStore()
  const outcome = { source: source.name, added: known, already: 0 }
  expect(await adopt({ sources: [matched] }, ledger)).toEqual([outcome])
  expect([...(await ledger.loadRecords(source.name)).keys()].sort()).toEqual([...seen].sort())
  await expectOneFetched(matched, ledger)
  await ledger.close()
}

/** The collector itself goes on where the program has left: one message, and nothing is deleted. */
async function expectOneFetched(adopted: AdoptedSource, ledger: CollectionLedger): Promise<void> {
  const maildir = join(folder, `${adopted.program}.collected`)
  const { length } = await listing()
  const source = pop3Source({
    name: adopted.name,
    user,
    credentials: () => Promise.resolve(password(user, `${user}-secret`)),
    connection: { host: adopted.host, port: office.ports.pop3, tls: 'none', allowCleartextAuth: true },
  })
  const summary = await runOnce(
    {
      source,
      destinations: [maildirDestination(`maildir:${maildir}`, maildir)],
      policy: { ...defaultPolicy, keep: adopted.keep },
      ledger,
      spoolFolder: join(folder, 'spool'),
      hostname: 'mail.test.example',
      signal: AbortSignal.timeout(30_000),
      onEvent: () => {},
      now: () => new Date(),
    },
    () => true,
  )
  expect(summary).toMatchObject({ listed: length, fetched: 1, deleted: 0, failed: 0, trouble: undefined })
  expect(readdirSync(join(maildir, 'new'))).toHaveLength(1)
  expect(await listing()).toHaveLength(length)
}

describe('what was left by', () => {
  itWith('fetchmail', 'fetchmail', async () => {
    const home = homeOf('fetchmail')
    const seen = await listing()
    const file = put(
      home,
      '.fetchmailrc',
      `set invisible
poll office via 127.0.0.1 protocol pop3 service ${office.ports.pop3} uidl
  user ${user} password ${user}-secret is ann here keep sslproto "" mda "cat > /dev/null"\n`,
    )
    const env = { HOME: home, FETCHMAILHOME: home, LC_ALL: 'C' }
    await runOrFail('fetchmail', ['-f', file, '--nodetach', '--nosyslog'], { env })
    const source = await only(file, home)
    expect(source).toMatchObject({ label: 'office', host: '127.0.0.1', user, keep: 'all', tls: 'none' })
    expect(source.knownFrom).toEqual([join(home, '.fetchids')])
    await expectExactly(source, seen)
  })

  itWith('getmail', 'getmail6', async () => {
    const home = homeOf('getmail')
    const seen = await listing()
    const file = put(
      home,
      'getmailrc',
      `[retriever]
type = SimplePOP3Retriever
server = 127.0.0.1
port = ${office.ports.pop3}
username = ${user}
password = ${user}-secret
[destination]
type = MDA_external
path = /bin/cat
arguments = ("-",)
allow_root_commands = true
[options]
read_all = false
delete = false
delete_after = 14
`,
    )
    const before = Math.floor(Date.now() / 1000) * 1000
    await runOrFail('getmail', ['--getmaildir', home, '--rcfile', file], { env: { HOME: home } })
    const source = await only(file, home)
    expect(source).toMatchObject({ user, keep: { days: 14 }, to: ['command:/bin/cat -'], tls: 'none' })
    // getmail writes when.
    for (const { storedAt } of source.known) expect(storedAt?.getTime()).toBeGreaterThanOrEqual(before)
    expect(source.known.map(({ key }) => key)).toContain('x-y')
    await expectExactly(source, seen)

    const state = source.knownFrom[0] ?? ''
    expect(await only(state, home)).toMatchObject({ user, port: office.ports.pop3, isConfigured: false })
  })

  itWith('mpop', 'mpop', async () => {
    const home = homeOf('mpop')
    const seen = await listing()
    const file = put(
      home,
      '.mpoprc',
      `defaults
auth user
tls off
keep on
delivery mda "cat > /dev/null"

account office
host 127.0.0.1
port ${office.ports.pop3}
user ${user}
password "${user}-secret"
account default : office
`,
    )
    await runOrFail('mpop', ['--file', file, '--quiet'], { env: { HOME: home } })
    const source = await only(file, home)
    expect(source).toMatchObject({ label: 'office', user, keep: 'all', tls: 'none' })
    expect(source.knownFrom).toEqual([join(home, `.mpop_uidls/${user}_at_127.0.0.1`)])
    await expectExactly(source, seen)
  })

  itWith('mpop', 'mpop with one file for several accounts', async () => {
    const home = homeOf('mpop-two')
    const seen = await listing()
    const account = (name: string, host: string) =>
      `account ${name}\nhost ${host}\nport ${office.ports.pop3}\nuser ${user}\npassword ${user}-secret\n`
    const defaults =
      'defaults\nauth user\ntls off\nkeep on\nuidls_file ~/uidls\ndelivery mda "cat > /dev/null"\n'
    const file = put(
      home,
      '.mpoprc',
      `${defaults}${account('one', '127.0.0.1')}${account('two', 'localhost')}`,
    )
    for (const name of ['one', 'two'])
      await runOrFail('mpop', ['--file', file, '--quiet', name], { env: { HOME: home } })
    const { sources } = await readForeignState([file], { home })
    expect(sources.map(({ name, host }) => [name, host])).toEqual([
      ['one', '127.0.0.1'],
      ['two', 'localhost'],
    ])
    for (const { known } of sources) expect(known.map(({ key }) => key).sort()).toEqual([...seen].sort())
  })
})
