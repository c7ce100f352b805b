// `poplar check`: whatever is on the port there is a result, a sentence and an exit code; failures have transcripts, and those
// can be played again.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { diagnosed } from '../../src/cli/check/diagnosis.ts'
import { suiteFor } from '../../src/cli/check/suites.ts'
import type { ServerUrl } from '../../src/cli/check/target.ts'
import { parseServerUrl, targetFrom } from '../../src/cli/check/target.ts'
import {
  altering,
  answering,
  type Script,
  type ScriptedServer,
  scriptedServer,
} from '../conformance/scripted-server.ts'
import { makeCertificate, type Pair } from '../net/tls-fixtures.ts'
import { type CheckedOffice, openCheckedOffice } from '../pop3/conformance/checked-office.ts'
import { type Outcome, Workplace } from './workplace.ts'

let pair: Pair
let office: CheckedOffice
let folder: string
let place: Workplace
const servers: ScriptedServer[] = []

beforeAll(async () => {
  pair = await makeCertificate({ names: ['localhost'] })
  office = await openCheckedOffice('memory')
  place = new Workplace()
  folder = mkdtempSync(join(tmpdir(), 'poplar-check-test-'))
})
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})
afterAll(async () => {
  await office.close()
  place.remove()
  rmSync(folder, { recursive: true, force: true })
})

async function serve(script: Script, tls?: Pair): Promise<number> {
  const server = await scriptedServer(script, tls)
  servers.push(server)
  return server.port
}

interface Security {
  readonly tls?: boolean
  readonly stls?: boolean
  readonly insecure?: boolean
}

/** What the command says when it cannot check the server. */
async function complaint(url: ServerUrl, security: Security = {}): Promise<string> {
  const target = targetFrom(url, { ...security, patience: 0.2 })
  const options = {
    url,
    target,
    credentials: { user: 'ann', password: 'secret word' },
    deliver: undefined,
    read: undefined,
    recipient: 'ann',
    mayDeleteForeign: false,
    slow: false,
    huge: false,
    only: [],
    seed: 'test',
    signal: new AbortController().signal,
  }
  try {
    await suiteFor(url).open(options)
  } catch (error) {
    const found = await diagnosed(error, target, url)
    expect(found).toMatchObject({ name: 'CommandFailure', exitCode: 2 })
    return (found as Error).message
  }
  throw new Error('it can be checked')
}

const pop3 = (port: number): ServerUrl => ({ protocol: 'pop3', isSecured: false, host: '127.0.0.1', port })
const silent: Script = () => {}
const fill = 'x'.repeat(64 * 1024)
const greets = (answers: Readonly<Record<string, string>>) =>
  answering('+OK\r\n', line => answers[line.split(' ')[0] ?? ''] ?? '-ERR what?\r\n')
const letsIn = { USER: '+OK\r\n', PASS: '+OK\r\n' }

/** Sends for as long as somebody reads. */
function flood(text: string): Script {
  return socket => {
    const more = () => {
      while (!socket.destroyed && socket.write(text)) {}
    }
    socket.on('drain', more)
    more()
  }
}

function drip(text: string): Script {
  return socket => {
    const timer = setInterval(() => socket.write(text), 20)
    socket.on('close', () => clearInterval(timer))
  }
}

describe('a server that is none, or does not let itself be checked', () => {
  it.each<Security & { why: string; script: Script; says: RegExp; hasTls?: boolean }>([
    {
      why: 'IMAP',
      script: s => s.write('* OK hello\r\n'),
      says: /speaks IMAP, not POP3: it says `\* OK hello`$/,
    },
    { why: 'SMTP', script: s => s.write('220 mail ESMTP\r\n'), says: /speaks SMTP, not POP3/ },
    { why: 'SSH', script: s => s.write('SSH-2.0-x\r\n'), says: /speaks SSH, not POP3/ },
    {
      why: 'HTTP',
      script: s => s.once('data', () => s.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      says: /speaks HTTP, not POP3/,
    },
    {
      why: 'TLS where none is expected',
      script: silent,
      hasTls: true,
      says: /speaks TLS from the first octet on: use --tls$/,
    },
    {
      why: 'a certificate of nobody',
      script: silent,
      hasTls: true,
      tls: true,
      says: /no TLS with .*: .*(?:certificate|self.signed)/,
    },
    {
      why: 'IMAP under TLS',
      script: s => s.write('* OK hello\r\n'),
      hasTls: true,
      tls: true,
      insecure: true,
      says: /speaks IMAP, not POP3/,
    },
    {
      why: 'no TLS where it is expected',
      script: s => s.write('+OK hello\r\n'),
      tls: true,
      says: /speaks POP3 in clear, and no TLS: leave out --tls, or use --stls$/,
    },
    { why: 'no STLS', script: greets({}), stls: true, says: /STLS was answered `-ERR what\?`$/ },
    {
      why: 'STLS without TLS',
      script: greets({ STLS: '+OK\r\n' }),
      stls: true,
      says: /no TLS with 127\.0\.0\.1 port/,
    },
    {
      why: 'a wrong password',
      script: greets({ USER: '+OK\r\n', PASS: '-ERR [AUTH] no\r\n' }),
      says: /cannot be checked: PASS was answered `-ERR \[AUTH\] no`$/,
    },
    {
      why: 'garbage',
      script: s => s.write('\0\x01\x02garbage\xff\r\n', 'latin1'),
      says: /speaks something else, not POP3: it says `\\x00\\x01\\x02garbage\\xff`$/,
    },
    { why: 'silence', script: silent, says: /says nothing$/ },
    { why: 'closed at once', script: s => s.end(), says: /says nothing$/ },
    { why: 'reset at once', script: s => s.resetAndDestroy(), says: /says nothing$|ECONNRESET/ },
    {
      why: 'one octet after the other',
      script: drip('+'),
      says: /speaks something else, not POP3: it says `\++`$/,
    },
    { why: 'a flood without a line', script: flood(fill), says: /speaks something else/ },
    {
      why: 'a flood of lines',
      script: s => {
        s.write('+OK\r\n')
        flood('+OK\r\n'.repeat(2000))(s)
      },
      says: /it took longer than 2\.4 s|cannot be checked/,
    },
    {
      why: 'silence behind the greeting',
      script: s => s.write('+OK\r\n'),
      says: /a line did not come within 0\.2 s/,
    },
    {
      why: 'silence behind the login',
      script: answering('+OK\r\n', line => ({ ...letsIn, CAPA: '-ERR\r\n' })[line.split(' ')[0] ?? '']),
      says: /a line did not come within 0\.2 s/,
    },
    {
      why: 'lines without end',
      script: s => {
        greets(letsIn)(s)
        drip('+OK 1\r\n')(s)
      },
      says: /./,
    },
    {
      why: 'refusal',
      script: s => s.end('-ERR [SYS/TEMP] come later\r\n'),
      says: /`-ERR \[SYS\/TEMP\] come later`$|refuses/,
    },
  ])('$why', async ({ script, says, hasTls, ...security }) => {
    const port = await serve(script, hasTls ? pair : undefined)
    const message = await complaint(pop3(port), security)
    expect(message).toMatch(says)
    expect(message).toContain(`127.0.0.1 port ${port}`)
    expect(message).not.toContain('secret word')
  })

  it('that is not there', async () => {
    const port = await serve(silent)
    await servers.pop()?.close()
    expect(await complaint(pop3(port))).toMatch(
      /^cannot connect to 127\.0\.0\.1 port \d+: connect ECONNREFUSED/,
    )
  })

  it('of no such host', async () => {
    const url = { ...pop3(110), host: 'no-such-host.invalid' }
    expect(await complaint(url)).toMatch(/^cannot connect to no-such-host\.invalid port 110: /)
  })
})

describe('the address of a server', () => {
  it.each([
    ['pop3://[::1]:1110', { protocol: 'pop3', isSecured: false, host: '::1', port: 1110 }],
    ['pop3s://pop.example.net', { protocol: 'pop3', isSecured: true, host: 'pop.example.net', port: 995 }],
    ['lmtp://localhost:24', { protocol: 'lmtp', isSecured: false, host: 'localhost', port: 24 }],
  ])('%s', (text, url) => {
    expect(parseServerUrl(text)).toEqual(url)
  })

  it.each([
    ['localhost:110', /like pop3/],
    ['http://localhost', /like pop3/],
    ['pop3://ann:secret@localhost', /no password/],
    ['lmtp://localhost', /needs a port/],
    ['pop3://localhost/INBOX', /behind the port/],
  ])('not %s', (text, says) => {
    expect(() => parseServerUrl(text)).toThrow(says)
  })
})

/** Runs the command against a port, as the account of the office. */
function check(port: number, args: string, password?: string): Promise<Outcome> {
  const { credentials } = office.options('clear')
  const line = `check pop3://127.0.0.1:${port} --user ${credentials.user} --password-stdin --seed 7 ${args}`
  return place.run(line, password ?? credentials.password)
}

const officePort = () => office.options('clear').target.port

describe('the command', () => {
  it('ends with 2 and one sentence for a wrong password', async () => {
    const { code, stdout, stderr } = await check(officePort(), '', 'not the password')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(
      /^poplar: 127\.0\.0\.1 port \d+ cannot be checked: PASS was answered `-ERR [^\n]*`\n$/,
    )
  })

  it('gives a program JSON and nothing else', async () => {
    const { code, stdout } = await check(officePort(), '--only retr-dots --json /dev/stdout')
    const { credentials } = office.options('clear')
    expect(code).toBe(0)
    expect(stdout).not.toContain(credentials.password)
    expect(JSON.parse(stdout)).toMatchObject({
      server: {
        protocol: 'pop3',
        security: 'clear',
        implementation: expect.stringContaining('Poplar') as unknown,
      },
      seed: '7',
      cases: [
        {
          id: 'retr-dots',
          section: expect.stringMatching(/^rfc1939-/) as unknown,
          severity: 'must',
          outcome: 'skip',
          reason: 'there is no way to deliver mail (--deliver)',
        },
      ],
    })
  })

  it('ends with 1 for a failed must, and its transcript plays again', async () => {
    const port = await serve(altering(officePort(), text => text.replace(/^(\+OK \d+ \d+)\r/, '$1octets\r')))
    const mail = `--deliver lmtp://127.0.0.1:${office.lmtpPort}`
    const files = ['r.json', 'r.xml', 'r.html'].map(name => join(folder, name))
    const [json = '', junit = '', html = ''] = files
    const transcripts = join(folder, 'transcripts')
    const failed = await check(
      port,
      `${mail} --only stat-form --json ${json} --junit ${junit} --html ${html} --transcripts ${transcripts}`,
    )
    expect(failed).toMatchObject({ code: 1, stderr: '' })
    expect(failed.stdout).toMatch(/^rfc1939-\S+ +0 of 1 !/m)
    expect(failed.stdout).toContain('stat-form: STAT answers with two numbers')
    expect(failed.stdout).toMatch(/it answered `\+OK \d+ \d+octets`/)
    expect(failed.stdout).toMatch(/must: 0 passed, 1 failed; 0 skipped\npop3:.*, seed 7/)
    expect(readdirSync(folder).sort()).toEqual(['r.html', 'r.json', 'r.xml', 'transcripts'])
    for (const file of files) expect(readFileSync(file, 'utf8')).toContain('stat-form')

    const transcript = join(transcripts, 'stat-form.txt')
    const text = readFileSync(transcript, 'utf8')
    expect(text).toContain('> PASS {password}\\r\\n')
    expect(text).not.toContain(office.options('clear').credentials.password)
    const { password } = office.options('clear').credentials
    const again = await place.run(`check ${mail} --replay ${transcript} --password-stdin`, password)
    expect(again).toMatchObject({ code: 0, stderr: '' })
    expect(again.stdout).toMatch(/^> STAT\\r\\n +> STAT\\r\\n$/m)
    const mended = await check(officePort(), `${mail} --patience 1 --replay ${transcript}`)
    expect(mended).toMatchObject({ code: 1, stderr: '' })
    expect(mended.stdout).toMatch(/^< \+OK \d+ \d+octets\\r\\n +! < \+OK \d+ \d+\\r\\n$/m)
  })

  it.each([
    ['check', /which server/],
    ['check pop3://localhost --only nothing-like-it', /no section and no case `nothing-like-it`/],
    ['check pop3://localhost', /give --user/],
    ['check pop3://localhost --tap --json -', /only one report/],
    ['check pop3://localhost --json no-such-folder/r.json', /no-such-folder\/r\.json: ENOENT/],
  ])('is used wrongly: %s', async (args, says) => {
    const { code, stdout, stderr } = await place.run(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^poplar: [^\n]+\n$/)
    expect(stderr).toMatch(says)
  })

  it('explains a case', async () => {
    const { code, stdout } = await place.run('check --explain retr-dots')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^retr-dots: RETR stuffs [^\n]+\n {2}section: rfc1939-\S+\n/)
    expect(stdout).toMatch(/^ +2\. send `RETR 1`$/m)
  })
})
