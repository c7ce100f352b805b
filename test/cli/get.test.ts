// `poplar get` against an office in this process: what lies there, what is saved, and that nothing is deleted
// which is not on disk here.
import { createHash, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { getCommand } from '../../src/cli/get.ts'
import type { TlsContexts } from '../../src/net/tls.ts'
import { startTestOffice, type TestOffice } from '../../src/testing/index.ts'
import { deliverByLmtp } from '../e2e/line-peer.ts'
import { itWith } from '../e2e/program.ts'
import { awkwardMessages } from '../interop/awkward-messages.ts'
import { startDovecot } from '../interop/dovecot.ts'
import { makeCertificate } from '../net/tls-fixtures.ts'
import type { Answer } from '../pop3/client/scripted-server.ts'
import { scriptedServer } from '../pop3/client/scripted-server.ts'
import { openOffice, password } from '../pop3/office.ts'
import { runInProcess } from './in-process.ts'
import { type Outcome, Workplace } from './workplace.ts'

let place: Workplace
beforeAll(() => {
  place = new Workplace()
})
afterAll(() => place.remove())

const letters = [
  'From: Bob <bob@example.net>\nSubject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\nDate: Thu, 26 Nov 2026 07:00:00 +0000\n\nhello\n',
  'From: \x1b[31mred\nSubject: two\n\n.dot\nFrom the beginning\n>From quoted\n',
]

async function open(): Promise<TestOffice> {
  const office = await startTestOffice({ users: [{ name: 'ann', password: 'open sesame' }] })
  onTestFinished(() => office.close())
  for (const letter of letters)
    await office.deliver(letter, { from: 'bob@example.net', to: ['ann@office.test'] })
  return office
}

function get(port: number, args: readonly string[], secret = 'open sesame'): Promise<Outcome> {
  const options = ['--tls', 'none', '--allow-cleartext', '--patience', '5']
  return run(['get', `pop3://ann@127.0.0.1:${port}`, ...args, ...options], { POPLAR_PASSWORD: secret })
}

function run(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  return runInProcess([getCommand], args, env)
}

let folders = 0
const fresh = (): string => join(place.folder, `to-${(folders += 1)}`)
const count = (office: TestOffice): Promise<string> =>
  get(office.pop3.port, ['--list', '--json']).then(({ stdout }) =>
    String((JSON.parse(stdout) as unknown[]).length),
  )

describe('what lies there', () => {
  it('is listed, with headers that people can read and that do no harm', async () => {
    const office = await open()
    const { code, stdout, stderr } = await get(office.pop3.port, ['--list', '--headers'])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const [title, first, second] = stdout.split('\n')
    expect(title?.split(/ +/)).toEqual(['NUMBER', 'OCTETS', 'UNIQUE-ID', 'DATE', 'FROM', 'SUBJECT'])
    expect(first).toMatch(/ +1 +\d+ +\S+ +Thu, 26 Nov 2026 07:00:00 \+0000 +Bob <bob@example.net> +Grüße$/)
    expect(second).toMatch(/\?\[31mred +two$/)
  })

  it('is given as JSON, and a header as it is', async () => {
    const office = await open()
    const { stdout } = await get(office.pop3.port, ['2', '--list', '--json'])
    const [row, ...more] = JSON.parse(stdout) as Record<string, unknown>[]
    expect(more).toEqual([])
    expect(row).toMatchObject({ number: 2 })
    expect([typeof row?.octets, typeof row?.uidl]).toEqual(['number', 'string'])
    const header = await get(office.pop3.port, ['--headers', '2'])
    expect(header.stdout).toContain('From: ?[31mred\nSubject: two\n')
    expect(header.stdout).not.toContain('.dot')
  })
})

describe('messages', () => {
  it('are saved as files once, and stay on the server', async () => {
    const office = await open()
    const to = fresh()
    expect(await get(office.pop3.port, ['--newest', '1', '--to', to])).toMatchObject({
      code: 0,
      stdout: `saved 1 to ${to}\n`,
    })
    expect((await get(office.pop3.port, ['--to', to])).stdout).toBe(
      `saved 1 to ${to}, 1 were there already\n`,
    )
    const files = readdirSync(to).sort()
    expect(files).toHaveLength(2)
    expect(readFileSync(join(to, files[1] ?? ''), 'latin1')).toMatch(
      /\r\n\r\n\.dot\r\nFrom the beginning\r\n>From quoted\r\n$/,
    )
    expect(await count(office)).toBe('2')
  })

  it('are appended to an mbox, with From quoted', async () => {
    const office = await open()
    const to = fresh()
    writeFileSync(to, 'From old Thu Nov 26 07:00:00 2026\nSubject: old\n\nold\n', { mode: 0o600 })
    expect((await get(office.pop3.port, ['--to', to, '--format', 'mbox'])).stdout).toBe(`saved 2 to ${to}\n`)
    const text = readFileSync(to, 'latin1')
    expect(text).toMatch(/^From old /)
    expect(text.match(/^From /gm)).toHaveLength(3)
    expect(text).toContain('\n.dot\n>From the beginning\n>>From quoted\n')
  })

  it('are delivered to a Maildir, and deleted when that is wanted', async () => {
    const office = await open()
    const to = fresh()
    await get(office.pop3.port, ['1', '--to', to, '--format', 'maildir'])
    const { stdout, code } = await get(office.pop3.port, ['--to', to, '--format', 'maildir', '--delete'])
    expect(stdout).toBe(`saved 1 to ${to}, 1 were there already; deleted 2 on the server\n`)
    expect(code).toBe(0)
    expect(readdirSync(join(to, 'new'))).toHaveLength(2)
    expect(readdirSync(join(to, 'tmp'))).toEqual([])
    expect(await count(office)).toBe('0')
  })

  it('that cannot be saved are not deleted', async () => {
    const office = await open()
    const to = fresh()
    writeFileSync(to, 'a file')
    const { code, stderr } = await get(office.pop3.port, ['--to', to, '--delete'])
    expect(code).toBe(1)
    expect(stderr).toBe(`poplar: ${to}: a file, not a folder\n`)
    expect(await count(office)).toBe('2')
  })

  it('that break off leave no half file, and none is deleted', async () => {
    const office = await open()
    office.chaos.add({ fault: 'drop', verb: 'RETR', nth: 2 })
    const to = fresh()
    const { code, stderr } = await get(office.pop3.port, ['--to', to, '--delete'])
    expect(stderr).toMatch(/^poplar: the connection was lost/)
    expect(code).toBe(1)
    expect(readdirSync(to)).toHaveLength(1)
    expect(await count(office)).toBe('2')
    const again = await get(office.pop3.port, ['--to', to, '--delete'])
    expect(again.stdout).toBe(`saved 1 to ${to}, 1 were there already; deleted 2 on the server\n`)
  })

  it('that one server refuses are told, and the others had', async () => {
    const server = await scripted([[/^RETR 1$/, '-ERR expunged\x07\r\n']])
    const to = fresh()
    const { code, stdout, stderr } = await get(server.port, ['--to', to, '--delete'])
    expect(stderr).toBe('poplar: message 1: RETR 1 was refused: expunged?\n')
    expect(stdout).toBe(`saved 1 to ${to}; deleted 1 on the server\n`)
    expect(code).toBe(1)
    expect(server.lines.filter(line => line.startsWith('DELE'))).toEqual(['DELE 2'])
  })

  it('without an end stop at a bound, and leave nothing', async () => {
    const server = await scripted([[/^RETR 2$/, `+OK\r\n${'x\r\n'.repeat(1_000)}`]])
    const to = fresh()
    const { code, stderr } = await get(server.port, ['--to', to, '--delete', '--max-octets', '2000'])
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'poplar: a message of more than 2000 octets\n' })
    expect(readdirSync(to)).toEqual(['a.eml'])
    expect(server.lines).not.toContain('QUIT')
  })

  it('have names that no server chooses', async () => {
    const server = await scripted([[/^UIDL$/, '+OK\r\n1 ../../../tmp/x\r\n2 .profile\r\n.\r\n']])
    const to = fresh()
    await get(server.port, ['--to', to])
    expect(readdirSync(to).sort()).toEqual(['=2E.=2F..=2F..=2Ftmp=2Fx.eml', '=2Eprofile.eml'])
  })
})

async function scripted(answers: readonly Answer[], greeting?: string) {
  const server = await scriptedServer(answers, greeting)
  onTestFinished(() => server.close())
  return server
}

describe('the end is bad', () => {
  it('with one sentence, without the password', async () => {
    const { pop3 } = await open()
    const { code, stdout, stderr } = await get(pop3.port, ['--list'], 'hidden word')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^poplar: .*refused.*\n$/)
    expect(stderr).not.toContain('hidden')
  })

  it('when nobody answers for QUIT', async () => {
    const { port } = await scripted([[/^QUIT$/, undefined, 'end']])
    const { code, stderr } = await get(port, ['--to', fresh(), '--delete'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^poplar: the server did not answer QUIT/)
  })

  it('at a server that sends for ever, and at one that is none', async () => {
    const endless = await scripted([], 'x'.repeat(2 << 20))
    expect((await get(endless.port, ['--list'])).stderr).toMatch(/^poplar: a line of more than/)
    const imap = await scripted([], '* OK hello\r\n')
    expect((await get(imap.port, ['--list'])).stderr).toMatch(/^poplar: IMAP answers there, not POP3/)
  })

  it('before a password goes out in clear', async () => {
    const server = await scripted([])
    const url = `pop3://ann@127.0.0.1:${server.port}`
    const stls = await run(['get', url, '--list'], { POPLAR_PASSWORD: 'sesame' })
    expect(stls.stderr).toMatch(/^poplar: the server refuses STLS/)
    const clear = await run(['get', url, '--list', '--tls', 'none'], { POPLAR_PASSWORD: 'sesame' })
    expect(clear.stderr).toMatch(/^poplar: the connection is in clear/)
    expect(server.lines.filter(line => /^(?:USER|PASS|AUTH)/.test(line))).toEqual([])
  })
})

describe('wrong usage', () => {
  it.each([
    ['pop3s://h --list', /whose maildrop/],
    ['pop3s://ann@h', /where to\?/],
    ['pop3s://ann@h --headers', /--headers is for --list/],
    ['pop3s://ann@h --list --delete', /save and delete nothing/],
    ['pop3s://ann@h --list --to x', /save and delete nothing/],
    ['pop3s://ann:secret@h --list', /no password stands in it/],
    ['pop3s://ann@h --list --tls none', /has TLS always/],
    ['pop3s://ann@h 0 --list', /it is a number, or a range/],
    ['pop3s://ann@h --list --pin abc', /it is like sha256/],
    [`pop3://ann@h --list --tls none --pin sha256/${'A'.repeat(43)}=`, /--pin and --ca are for TLS/],
    ['pop3s://ann@h --list --proxy ftp://x:secret@y', /a proxy is written as/],
    ['pop3s://ann@h --list --password-file missing', /missing: ENOENT/],
    ['pop3s://ann@h --list --oauth2 --auth PLAIN', /--auth is for passwords/],
    ['pop3s://ann@h --list --password-file /dev/null', /the password is empty/],
  ])('%s', async (args, says) => {
    const { code, stderr } = await run(['get', ...args.split(' ')])
    expect(stderr).toMatch(says)
    expect(stderr).not.toContain(':secret')
    expect(code).toBe(2)
  })
})

describe('TLS', () => {
  it.each([
    ['pop3', 'STLS', false],
    ['pop3s', 'TLS from the first octet on', true],
  ])('of %s:// is %s, with a certificate that is trusted or pinned', async (scheme, _what, implicitTls) => {
    const pair = await makeCertificate({ names: ['localhost'] })
    const context = createSecureContext(pair)
    const tls: TlsContexts = { contextFor: () => context, asksForCertificate: false }
    const office = await openOffice({ messages: letters, tls, implicitTls, cleartextLogin: 'never' })
    onTestFinished(() => office.stop())
    const ca = fresh()
    writeFileSync(ca, pair.cert)
    const env = { POPLAR_PASSWORD: password }
    const args = ['get', `${scheme}://alice@localhost:${office.port}`, '--list', '--json']
    expect(await run([...args, '--ca', ca], env)).toMatchObject({ code: 0, stderr: '' })
    const untrusted = await run(args, env)
    expect(untrusted).toMatchObject({ code: 1, stdout: '' })
    expect(untrusted.stderr).toMatch(
      /^poplar: no TLS with localhost port \d+: self-signed certificate \(--ca names who vouches for it\)$/m,
    )
    const spki = new X509Certificate(pair.cert).publicKey.export({ type: 'spki', format: 'der' })
    const pin = `sha256/${createHash('sha256').update(spki).digest('base64')}`
    expect((await run([...args, '--insecure', '--pin', pin], env)).code).toBe(0)
    const another = `sha256/${'A'.repeat(43)}=`
    expect((await run([...args, '--insecure', '--pin', another], env)).stderr).toMatch(/is not pinned/)
  })
})

it('says where TLS meets a server in clear', async () => {
  const office = await open()
  const { port } = office.pop3
  const { stderr } = await run(['get', `pop3s://ann@localhost:${port}`, '--list'], { POPLAR_PASSWORD: 'x' })
  expect(stderr).toBe(
    `poplar: no TLS with localhost port ${port}: the server speaks in clear there (STLS may be what it has)\n`,
  )
})

it('takes an access token', async () => {
  const office = await open()
  const token = office.mailbox('ann')?.token ?? ''
  const { code, stderr } = await get(office.pop3.port, ['--list', '--oauth2'], token)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const [session] = office.sessions
  expect(session?.lines.some(({ text }) => /^AUTH XOAUTH2/.test(text))).toBe(true)
})

itWith('dovecot', 'has what Dovecot has, octet for octet', async () => {
  const server = await startDovecot()
  try {
    for (const { content } of awkwardMessages)
      await deliverByLmtp(server.ports.lmtp, ['ann@mail.test.example'], content)
    const to = fresh()
    const { stdout } = await get(server.ports.pop3, ['--to', to, '--delete'], 'ann-secret')
    const count = awkwardMessages.length
    expect(stdout).toBe(`saved ${count} to ${to}; deleted ${count} on the server\n`)
    const files = readdirSync(to).sort()
    for (const [at, { name, content }] of awkwardMessages.entries()) {
      const file = readFileSync(join(to, files[at] ?? ''))
      const tail = file.subarray(file.length - content.length)
      expect(Buffer.compare(tail, content), name).toBe(0)
    }
    expect((await get(server.ports.pop3, ['--list', '--json'], 'ann-secret')).stdout).toBe('[]\n')
  } finally {
    await server.close()
  }
})

it('takes the password from a file and from the environment', async () => {
  const office = await open()
  const url = `pop3://ann@127.0.0.1:${office.pop3.port}`
  const args = ['get', url, '--list', '--json', '--tls', 'opportunistic', '--allow-cleartext']
  const secrets = join(place.folder, 'secrets')
  mkdirSync(secrets, { recursive: true })
  writeFileSync(join(secrets, 'ann'), 'open sesame\r\n')
  expect((await run([...args, '--password-file', join(secrets, 'ann')])).code).toBe(0)
  expect((await run(args, { POPLAR_PASSWORD: 'open sesame' })).code).toBe(0)
  expect(existsSync(join(place.folder, 'poplar-data'))).toBe(false)
})
