// A probe says of a good server that it is good, and of each thing that is wrong in one that it is.
import { createSecureContext } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { TlsContexts } from '../../../src/net/tls.ts'
import { password } from '../../../src/pop3/client/index.ts'
import {
  type Finding,
  type ProbeOptions,
  type ProbeReport,
  probeServer,
} from '../../../src/pop3/probe/probe.ts'
import { startTestOffice, type TestOffice } from '../../../src/testing/index.ts'
import { makeCertificate } from '../../net/tls-fixtures.ts'
import type { Answer } from '../client/scripted-server.ts'
import { scriptedServer } from '../client/scripted-server.ts'
import { openOffice } from '../office.ts'

function probe(port: number, options: Partial<ProbeOptions> = {}): Promise<ProbeReport> {
  return probeServer({
    host: '127.0.0.1',
    port,
    tls: 'none',
    allowCleartextAuth: true,
    auth: password('ann', 'sesame'),
    patienceMs: 400,
    ...options,
  })
}

/** States and sentences of one probe. */
function of(report: ProbeReport, probe: Finding['probe']): readonly string[] {
  return report.findings
    .filter(each => each.probe === probe)
    .map(({ state, finding }) => `${state}: ${finding}`)
}

function faults({ findings }: ProbeReport): readonly string[] {
  return findings.filter(({ state }) => state === 'wrong').map(each => each.probe)
}

const mail = 'A: b\n\nsome\n.dotted\n.\nlines\n'

async function openGood(): Promise<TestOffice> {
  const office = await startTestOffice({ users: [{ name: 'ann', password: 'sesame' }] })
  onTestFinished(() => office.close())
  for (const octets of [mail, `S: 2\n\n${'x'.repeat(200)}\n`])
    await office.deliver(octets, { from: '', to: ['ann@office.test'] })
  return office
}

/** What a server says that does all right; rows of a test come before. */
const fine: readonly Answer[] = [
  [/^capa$/, '+OK\r\nUSER\r\nUIDL\r\nTOP\r\nPIPELINING\r\n.\r\n'],
  [/^STAT$/, '+OK 2 28\r\n'],
  [/^LIST$/, '+OK\r\n1 12\r\n2 16\r\n.\r\n'],
  [/^LIST 1$/, '+OK 1 12\r\n'],
  [/^LIST 2$/, '+OK 2 16\r\n'],
  [/^UIDL 1$/, '+OK 1 a\r\n'],
  [/^RETR 1$/, '+OK\r\nA: b\r\n\r\nc\r\n\r\n.\r\n'.replace('c\r\n\r\n', 'cc\r\n')],
  [/^RETR 2$/, '+OK\r\nA: b\r\n\r\n..dot\r\n\r\n.\r\n'.replace('dot\r\n\r\n', 'dotty\r\n')],
  [/^RETR /, '-ERR no such message\r\n'],
  [/^TOP /, '+OK\r\nA: b\r\n\r\n.\r\n'],
]

async function scripted(answers: readonly Answer[], greeting?: string) {
  const server = await scriptedServer([...answers, ...fine], greeting)
  onTestFinished(() => server.close())
  return server
}

describe('a good server', () => {
  it('has no fault, and nothing of its mail is gone', async () => {
    const good = await openGood()
    const report = await probe(good.pop3.port)
    expect(faults(report)).toEqual([])
    expect(report.quirks).toEqual({})
    expect(of(report, 'sizes')).toEqual(['well: LIST and RETR agree to the octet in 2 of 2 messages'])
    expect(of(report, 'dots')[0]).toMatch(/^well: 2 lines came with their dot stuffed/)
    expect(of(report, 'top')).toEqual(['well: gives the header and the blank line, no more'])
    expect(of(report, 'pipelining')).toEqual(['well: 16 commands ahead are answered in order'])
    expect(of(report, 'lock')).toEqual(['well: a second session is refused with [IN-USE]'])
    expect(of(report, 'uidl-stable')).toEqual(['well: all unique ids are as before'])
    expect(report.capabilities.login).toContain('PIPELINING')
    const said = good.sessions.map(({ lines }) =>
      lines.filter(({ from }) => from === 'client').map(({ text }) => text),
    )
    expect(said.flat().length).toBeGreaterThan(20)
    expect(said.flat().filter(line => /^DELE/i.test(line))).toEqual([])
    const fetching = said.filter(lines => lines.includes('RETR 1'))
    expect(fetching).toHaveLength(1)
    expect(fetching.flat()).not.toContain('QUIT')
  })

  it('is looked at without a login when no user is named', async () => {
    const { host, port } = (await openGood()).pop3
    const report = await probeServer({ host, port, tls: 'none', patienceMs: 400 })
    expect(of(report, 'login')).toEqual(['note: was not tried: no user was named'])
    expect(of(report, 'pipelining')).toEqual(['well: 16 commands ahead are answered in order'])
    expect(report.findings.some(({ probe: name }) => name === 'sizes')).toBe(false)
    expect(faults(report)).toEqual([])
  })

  it('may be played by a script: the tests below stand on that', async () => {
    const { port } = await scripted([])
    expect(faults(await probe(port))).toEqual([])
  })
})

describe('a server that', () => {
  it.each<readonly [what: string, probe: string, answers: readonly Answer[], says: RegExp]>([
    [
      'counts LF',
      'sizes',
      [
        [/^LIST$/, '+OK\r\n1 9\r\n2 13\r\n.\r\n'],
        [/^STAT$/, '+OK 2 22\r\n'],
      ],
      /it counts line ends as one octet in 2/,
    ],
    [
      'counts the dots',
      'sizes',
      [[/^LIST$/, '+OK\r\n1 12\r\n2 17\r\n.\r\n']],
      /agree in 1 of 2 messages; it counts the dots of stuffing/,
    ],
    [
      'stuffs no dots',
      'dots',
      [[/^RETR 2$/, '+OK\r\nA: b\r\n\r\n.dotty\r\n.\r\n']],
      /1 lines of message 2 begin with one dot/,
    ],
    [
      'ends a message at its dot',
      'sizes',
      [[/^RETR 1$/, '+OK\r\nA: b\r\n\r\n.\r\nc\r\n.\r\n']],
      /message 1 goes on behind its final dot/,
    ],
    [
      'forgets the final dot',
      'sizes',
      [[/^RETR 1$/, '+OK\r\nA: b\r\n\r\ncc\r\n']],
      /the final dot of message 1 does not come/,
    ],
    [
      'has LF in messages',
      'line-ends',
      [[/^RETR 1$/, '+OK\r\nA: b\r\n\r\ncc\nd\r\n.\r\n']],
      /1 line ends of LF alone \(message 1 first\)/,
    ],
    ['has LF in answers', 'lines', [[/^NOOP$/, '+OK\n']], /lines that end with LF alone/],
    [
      'gives all for TOP',
      'top',
      [[/^TOP /, '+OK\r\nA: b\r\n\r\n..dotty\r\n.\r\n']],
      /gives the whole message/,
    ],
    ['says +OK twice', 'top', [[/^TOP /, '+OK\r\n+OK\r\nA: b\r\n\r\n.\r\n']], /`\+OK` is said twice/],
    ['has no TOP, and names it', 'top', [[/^TOP /, '-ERR\r\n']], /is named by CAPA, but does not work/],
    ['counts wrongly', 'stat', [[/^STAT$/, '+OK 3 28\r\n']], /STAT says 3 messages, LIST has 2/],
    [
      'has one id twice',
      'uidl',
      [[/^UIDL$/, '+OK\r\n1 a\r\n2 a\r\n.\r\n']],
      /1 messages have a unique id that another has/,
    ],
    [
      'has long ids',
      'uidl',
      [[/^UIDL$/, `+OK\r\n1 a\r\n2 ${'b'.repeat(71)}\r\n.\r\n`]],
      /1 unique ids have more than 70/,
    ],
    ['leaves the number out', 'single', [[/^UIDL 1$/, '+OK a\r\n']], /UIDL 1 is answered `\+OK a`/],
    ['takes any number', 'absent', [[/^LIST \d{4}/, '+OK 1002 5\r\n']], /LIST 1002 is answered/],
    [
      'calls a lock a wrong password',
      'lock',
      [secondLogin('-ERR [AUTH] wrong\r\n')],
      /as if the password were wrong/,
    ],
  ])('%s is found out', async (_what, name, answers, says) => {
    const { port } = await scripted(answers)
    const report = await probe(port)
    const found = of(report, name)
    expect(
      found.some(line => line.startsWith('wrong: ') && says.test(line)),
      found.join('\n'),
    ).toBe(true)
  })

  it('hangs up on CAPA is probed without, and the client told so', async () => {
    const { port } = await scripted([[/^CAPA$/i, undefined, 'end']])
    const report = await probe(port)
    expect(of(report, 'capabilities')[0]).toMatch(/^wrong: CAPA in clear ends the session/)
    expect(report.quirks.capa).toBe(false)
    expect(of(report, 'sizes')[0]).toMatch(/^well/)
  })

  it('announces what is no number is found out, and logged in to twice', async () => {
    const { port } = await scripted([
      [/^CAPA$/i, '+OK\r\nUSER\r\nUIDL\r\nTOP\r\nPIPELINING\r\nEXPIRE \x1b[2J\r\nLOGIN-DELAY soon\r\n.\r\n'],
    ])
    const report = await probe(port)
    expect(of(report, 'expire')).toEqual(['wrong: is no number: `?[2J`'])
    expect(of(report, 'login-delay')).toEqual(['wrong: is no number: `soon`'])
    expect(of(report, 'uidl-stable')).toEqual(['well: all unique ids are as before'])
  })

  it('names capabilities without end is stopped', async () => {
    const { port } = await scripted([[/^CAPA$/i, `+OK\r\n${'X\r\n'.repeat(1_001)}.\r\n`]])
    const report = await probe(port)
    expect(of(report, 'capabilities')[0]).toMatch(/^wrong: .*the answer has no end/)
    expect(report.capabilities).toEqual({ clear: null, tls: null, login: null })
  })

  it('hangs when it is told CAPA sixteen times is found out from outside', async () => {
    let asked = 0
    const server = await scripted([
      [/^CAPA$/, () => ((asked += 1) % 17 === 0 ? '-ERR\r\n' : '+OK\r\nPIPELINING\r\n.\r\n')],
    ])
    const report = await probeServer({ host: '127.0.0.1', port: server.port, tls: 'none', patienceMs: 400 })
    expect(of(report, 'pipelining')).toEqual(['wrong: is named by CAPA, but CAPA number 16 of 16 is refused'])
    expect(report.quirks).toEqual({ window: 1 })
  })

  it('mixes up commands ahead gets a window of one', async () => {
    const swapped = mixingUp()
    const report = await probe((await scripted(swapped)).port)
    expect(of(report, 'pipelining')[0]).toMatch(
      /^wrong: is named by CAPA, but the answer to LIST 2 is not in its place/,
    )
    expect(report.quirks).toEqual({ window: 1 })
  })

  it('has other unique ids each time is found out', async () => {
    let count = 0
    const { port } = await scripted([
      [/^UIDL$/, () => `+OK\r\n1 a${(count += 1)}\r\n2 b\r\n.\r\n`],
      [/^UIDL 1$/, () => `+OK 1 a${count}\r\n`],
    ])
    expect(of(await probe(port), 'uidl-stable')[0]).toMatch(/^wrong: 1 of 2 unique ids are others now/)
  })

  it('says how rare logins are to be is logged in to once', async () => {
    const server = await scripted([
      [/^CAPA$/i, '+OK\r\nUSER\r\nUIDL\r\nTOP\r\nPIPELINING\r\nEXPIRE 0\r\nLOGIN-DELAY 300\r\n.\r\n'],
    ])
    const report = await probe(server.port)
    expect(server.lines.filter(line => line.startsWith('PASS '))).toHaveLength(1)
    expect(of(report, 'login-delay')).toEqual(['note: 300 seconds between two logins'])
    expect(of(report, 'sizes')[0]).toMatch(/^well/)
    // With EXPIRE 0 a message may be gone at QUIT.
    expect(report.quirks).toEqual({ takesWhatWasRetrieved: true })
    expect(server.lines.filter(line => line === 'QUIT')).toHaveLength(1)
  })

  it('ends silent sessions gets NOOP from the client', async () => {
    const { port } = await scripted([])
    const quick = await probe(port, { idleMs: 60 })
    expect(of(quick, 'idle')[0]).toMatch(/^well: a session of 0\.1 s without a word is not ended/)
    let logins = 0
    const impatient = await scripted([
      [/^PASS /, () => `+OK${((logins += 1)) === 4 ? '\r\n-ERR idle' : ''}\r\n`],
    ])
    const report = await probe(impatient.port, { idleMs: 5_000 })
    expect(of(report, 'idle')[0]).toMatch(/^wrong: a session is ended after .* RFC 1939 has ten minutes/)
    expect(report.quirks.keepAliveMs).toBe(1_000)
  })

  it('repeats the password does not get it into the report', async () => {
    const { port } = await scripted([
      [/^CAPA$/i, '+OK\r\nUSER\r\nX-sesame\r\n.\r\n'],
      [/^LAST$/, '+OK sesame\r\n'],
      [/^PASS /, '-ERR wrong: sesame\r\n'],
    ])
    expect(JSON.stringify(await probe(port))).not.toContain('sesame')
  })
})

/** The second login while the first is open, and no other. */
function secondLogin(answer: string): Answer {
  let count = 0
  return [/^PASS /, () => ((count += 1) === 2 ? answer : '+OK\r\n')]
}

/** Answers LIST 2 in the place of the command before, when both came at once. */
function mixingUp(): readonly Answer[] {
  let asked = 0
  return [[/^LIST 2$/, () => ((asked += 1) > 0 ? '+OK 1 12\r\n' : '')]]
}

describe('TLS', () => {
  async function tlsOffice(names: readonly string[], implicitTls: boolean, extra = {}) {
    const pair = await makeCertificate({ names: [...names], ...extra })
    const context = createSecureContext(pair)
    const tls: TlsContexts = { contextFor: () => context, asksForCertificate: false }
    const found = await openOffice({ messages: [mail], tls, implicitTls, cleartextLogin: 'never' })
    onTestFinished(() => found.stop())
    return { port: found.port, authority: pair.cert }
  }
  const auth = password('alice', 'sesame')

  it.each([
    ['STLS', false, 'stls'],
    ['TLS from the first octet on', true, 'implicit'],
  ] as const)('by %s is described, and a login goes through it', async (_what, isImplicit, tls) => {
    const { port, authority } = await tlsOffice(['localhost'], isImplicit)
    const report = await probe(port, {
      host: 'localhost',
      tls,
      auth,
      allowCleartextAuth: false,
      certificate: { authority },
    })
    expect(report.tls).toMatchObject({
      protocol: 'TLSv1.3',
      certificate: { names: ['localhost'], fitsHost: true },
    })
    expect(of(report, 'certificate')[0]).toBe('well: it is for localhost')
    expect(of(report, 'login')).toEqual(['well: under TLS'])
    expect(of(report, 'sizes')[0]).toMatch(/^well/)
    if (tls === 'stls') expect(of(report, 'capabilities')[1]).toMatch(/gone: .*STLS/)
    expect(faults(report)).toEqual([])
  })

  it('with a certificate that is not trusted gets no password', async () => {
    const { port } = await tlsOffice(['elsewhere.example'], true, {
      notAfter: new Date(Date.now() + 86_400_000),
    })
    const report = await probe(port, { host: 'localhost', tls: 'implicit', auth })
    expect(of(report, 'certificate').slice(0, 3)).toEqual([
      'wrong: it is for elsewhere.example, not for localhost',
      'note: nobody but itself vouches for it',
      expect.stringMatching(/^note: it expires on /),
    ])
    expect(of(report, 'tls')[0]).toMatch(/^wrong: .* the certificate is not trusted/)
    expect(of(report, 'login')[0]).toMatch(/^wrong: no TLS with localhost/)
  })

  it('that is wanted and not there keeps the password at home', async () => {
    const server = await scripted([])
    const report = await probe(server.port, { tls: 'stls', allowCleartextAuth: true })
    expect(of(report, 'login')).toEqual(['wrong: the server has no STLS: nobody logs in without it'])
    expect(server.lines.filter(line => line.startsWith('PASS'))).toEqual([])
  })
})

describe('no POP3 server', () => {
  it.each([
    ['IMAP', '* OK hello\r\n', 'not-pop3', /IMAP answers there/],
    ['SMTP', '220 hello\r\n', 'not-pop3', /SMTP/],
    ['one that is closed', '-ERR [SYS/TEMP] later\r\n', 'server-unavailable', /later/],
    ['a line without an end', 'x'.repeat(100_000), 'limit-exceeded', /line/],
    ['silence', '', 'timeout', /nothing came/],
  ])('but %s is an error', async (_what, greeting, code, message) => {
    const { port } = await scripted([], greeting)
    const error = await probe(port).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code })
    expect((error as Error).message).toMatch(message)
  })

  it('at the port is an error', async () => {
    const server = await scriptedServer([])
    await server.close()
    await expect(probe(server.port)).rejects.toMatchObject({ code: 'connect-failed' })
  })

  it('is waited for after it was aborted', async () => {
    const { port } = await scripted([], '')
    const abort = new AbortController()
    const probing = probe(port, { patienceMs: 60_000, signal: abort.signal })
    setImmediate(() => abort.abort())
    await expect(probing).rejects.toMatchObject({ code: 'aborted' })
  })
})
