// Sessions written down and played again: the same octets, no secret among them, and a clear word where a client departs.
import { connect as connectTls } from 'node:tls'
import { createTransport } from 'nodemailer'
import { describe, expect, it } from 'vitest'
import {
  type ConnectOptions,
  connect,
  oauth2,
  type PasswordMechanism,
  type Pop3Error,
  password,
} from '../../src/pop3/client/index.ts'
import { ReplayError, record, replay, startTestOffice, type TestOffice } from '../../src/testing/index.ts'
import { LinePeer } from '../e2e/line-peer.ts'

const ann = { name: 'ann', password: 'sesame', token: 'secret-token' }
const letter = 'Subject: caf\xe9 {1} \\c\r\n\r\n.\r\n..dot \r\n\tsesame\0\r\nlast\\'

interface Place {
  readonly host: string
  readonly port: number
  readonly certificate: string
}

/** Fetches all, deletes the first; the messages as latin1. */
async function fetchAll(place: Place, options: Partial<ConnectOptions> = {}): Promise<string[]> {
  const { host, port, certificate: authority } = place
  await using session = await connect({
    host,
    port,
    tls: 'none',
    allowCleartextAuth: true,
    certificate: { authority },
    auth: password('ann', 'sesame', { mechanisms: ['PLAIN'] }),
    ...options,
  })
  const texts: string[] = []
  const listing = await session.listing()
  for await (const { body } of session.retrieve(listing))
    texts.push(Buffer.from(await body.bytes()).toString('latin1'))
  if (listing[0]) session.markDeleted(listing[0])
  await session.commit()
  return texts
}

async function officeWithMail(startTls: 'none' | 'offered' = 'none'): Promise<TestOffice> {
  const office = await startTestOffice({ users: [ann], startTls })
  for (const text of [letter, 'second']) {
    const octets = Buffer.from(`From: x@y.example\r\nTo: ann@office.test\r\n${text}\r\n`, 'latin1')
    await office.deliver(octets)
  }
  return office
}

/** Logs in and leaves. */
async function logInWith(
  { host, port, certificate: authority }: Place,
  mechanism: PasswordMechanism,
  tls: 'none' | 'stls' | 'implicit',
  secret: string,
): Promise<void> {
  const auth = password('ann', secret, { mechanisms: [mechanism] })
  const session = await connect({
    host,
    port,
    tls,
    allowCleartextAuth: true,
    certificate: { authority },
    auth,
  })
  await session.commit()
}

/** As a server behind TLS is recorded; by hand. */
function boundLogin(mechanism: string, tls: 'stls' | 'implicit'): string {
  const capa = 'C: CAPA\nS: +OK'
  const stls = `S: +OK\n${capa}\nS: STLS\nS: .\nC: STLS\nS: +OK\n[TLS]\n`
  const login = `C: AUTH ${mechanism} {response}\nS: + {challenge}\nC: {response}\nS: + {challenge}\nC:\nS: +OK\n`
  const last = `${capa}\nS: .\nC: QUIT\nS: +OK\n`
  return `${tls === 'stls' ? stls : '[TLS]\nS: +OK\n'}${capa}\nS: SASL ${mechanism}\nS: .\n${login}${last}`
}

describe('a session that was recorded', () => {
  it.each([
    ['in clear', 'none', { tls: 'none' }],
    ['with STLS', 'none', { tls: 'stls' }],
    ['with TLS from the first octet on', 'implicit', { tls: 'implicit' }],
  ] as const)('is the same when it is played: %s', async (_how, tls, options) => {
    await using office = await officeWithMail('offered')
    const server = tls === 'implicit' ? office.pop3s : office.pop3
    const certificate = { authority: office.certificate }
    await using recorder = await record({ ...server, tls, certificate })
    const fetched = await fetchAll(recorder, options)
    expect(fetched[0]?.endsWith(`${letter}\r\n`)).toBe(true)
    const transcript = recorder.transcript()
    await office.close()
    expect(transcript.match(/^\[TLS\]$/gm)?.length).toBe(options.tls === 'none' ? undefined : 1)
    expect(transcript).toMatch(/^C: AUTH PLAIN \{response\}$/m)
    expect(transcript).toMatch(/^\[the server closed\]\n$/m)
    expect(transcript).not.toMatch(/sesame|c2VzYW1l|NzYW1l/)
    expect(/^[\x20-\x7e\n]*$/.test(transcript)).toBe(true)

    await using played = await replay(transcript)
    // The password stood in a message, too.
    const hidden = fetched.map(text => text.replace('sesame', 'xxxxxx'))
    expect(await fetchAll(played, options)).toEqual(hidden)
    await played.played()
    expect(played.departures).toEqual([])
  })

  it.each([
    ['PASS', ['USER ann', 'PASS  sesame '], 'C: PASS {password}'],
    ['APOP', [`APOP ann ${'0'.repeat(32)}`], 'C: APOP ann {digest}'],
    ['LOGIN', ['AUTH LOGIN', 'YW5u', 'c2VzYW1l'], 'C: {response}\nS: + UGFzc3dvcmQ6\nC: {response}'],
    ['a password that came alone', ['AUTH LOGIN', 'sesame!', 'NOOP'], 'C: {response}\nS: -ERR'],
    ['SCRAM', ['AUTH SCRAM-SHA-256 biwsbj1hbm4scj14', 'Yz1iaXdz'], 'S: + {challenge}\nC: {response}'],
  ])('has no secret of %s', async (_how, commands, shown) => {
    await using office = await officeWithMail()
    await using recorder = await record({ ...office.pop3, secrets: ['YW5u'] })
    const peer = await LinePeer.connect(recorder.port)
    await peer.line()
    for (const command of commands) await peer.ask(command)
    peer.drop()
    expect(recorder.transcript()).toContain(shown)
    expect(recorder.transcript()).not.toMatch(/sesame|c2VzYW1l|YW5u/)
    const isBound = recorder.transcript().includes('{challenge}')
    expect(recorder.transcript().includes('`replay` has to be given the `password`')).toBe(isBound)
  })

  it('shows what a server of SCRAM says in place of its proof', async () => {
    const script = 'S: +OK\nC: AUTH SCRAM-SHA-1 {a}\nS: + ZT1vdGhlci1lcnJvcg==\nC: *\nS: -ERR'
    await using server = await replay(script)
    await using recorder = await record({ host: server.host, port: server.port })
    const peer = await LinePeer.connect(recorder.port)
    await peer.line()
    for (const command of ['AUTH SCRAM-SHA-1 biws', '*']) await peer.ask(command)
    peer.drop()
    expect(recorder.transcript()).toContain('\nS: + ZT1vdGhlci1lcnJvcg==\nC: *\nS: -ERR')
  })

  it('has no token, and is played to whoever brings another', async () => {
    await using office = await officeWithMail()
    await using recorder = await record(office.pop3)
    await fetchAll(recorder, { auth: oauth2('ann', 'secret-token') })
    const transcript = recorder.transcript()
    expect(transcript).not.toContain('secret-token')
    expect(transcript).toContain('{response}')
    await using played = await replay(transcript)
    expect(await fetchAll(played, { auth: oauth2('ann', 'other') })).toHaveLength(2)
    await played.played()
  })

  it.each([
    ['SCRAM-SHA-256', 'none'],
    ['SCRAM-SHA-1', 'none'],
    ['SCRAM-SHA-256-PLUS', 'stls'],
    ['SCRAM-SHA-1-PLUS', 'implicit'],
  ] as const)('is played to another nonce and password of %s', async (mechanism, tls) => {
    await using office = await officeWithMail('offered')
    const isImplicit = tls === 'implicit'
    const server = isImplicit ? office.pop3s : office.pop3
    const certificate = { authority: office.certificate }
    await using recorder = await record({ ...server, tls: isImplicit ? tls : 'none', certificate })
    // A channel that ends at the recorder cannot be bound to the server's.
    if (tls !== 'none') await expect(logInWith(recorder, mechanism, tls, 'sesame')).rejects.toThrow()
    const transcript =
      tls === 'none'
        ? await logInWith(recorder, mechanism, tls, 'sesame').then(() => recorder.transcript())
        : boundLogin(mechanism, tls)
    expect(transcript).toMatch(/\nC: AUTH SCRAM-[^\n]* \{response\}\nS: \+ \{challenge\}\nC: \{response\}\n/)
    await expect(replay(transcript)).rejects.toThrow(`(${mechanism}), which has to be made anew`)

    await using played = await replay(transcript, { password: 'another' })
    await logInWith(played, mechanism, tls, 'another')
    await played.played()
    await using other = await replay(transcript, { password: 'another' })
    await expect(logInWith(other, mechanism, tls, 'sesame')).rejects.toThrow()
    await expect(other.played()).rejects.toThrow(
      /^line \d+ of the transcript: the client has another password than `replay` was given$/,
    )
  })

  it('keeps what has no usual end, and who closed', async () => {
    await using server = await replay('S: +OK\nS: bare\\n\\c\nC: x\nS: no end\\c')
    await using recorder = await record({ host: server.host, port: server.port })
    const peer = await LinePeer.connect(recorder.port)
    expect(await peer.line()).toBe('+OK')
    peer.write('x\r\n')
    expect(await peer.end()).toBe('bare\nno end')
    peer.drop()
    expect(recorder.transcript()).toMatch(
      /\nS: \+OK\nS: bare\\n\\c\nC: x\nS: no end\\c\n\[the server closed\]\n$/,
    )
    await using again = await record({ host: '127.0.0.1', port: 1 })
    const refused = await LinePeer.connect(again.port)
    expect(await refused.end()).toBe('')
    refused.drop()
  })

  it('of SMTP: a message is no place for commands', async () => {
    await using office = await startTestOffice({ users: [ann] })
    await using recorder = await record(office.smtp)
    const send = async ({ host, port }: Place, pass: string, text: string) => {
      const transport = createTransport({ host, port, auth: { user: 'ann', pass } })
      const mail = { from: 'x@y.example', to: 'ann@office.test', subject: 'x', text }
      await transport.sendMail(mail).finally(() => transport.close())
    }
    await send(recorder, 'sesame', 'PASS nobody\n.\nAUTH PLAIN x\n')
    const transcript = recorder.transcript()
    expect(transcript).toMatch(/^C: PASS nobody\nC: \.\.\nC: AUTH PLAIN x$/m)
    expect(transcript).not.toMatch(/sesame|AGFubgBzZXNhbWU/)
    const open = transcript.replace(/(?<=S: 354.*\n)[^]*?\nC: \.\n/, 'C: {message}\n')
    expect(open).not.toContain('Message-ID')
    await using played = await replay(open)
    await send(played, 'another', 'and another text')
    await played.played()
  })
})

describe('replay', () => {
  const script = `
    # A server that knows no UIDL.
    S: +OK ready
    C: USER ann
    S: +OK
    C: PASS {password}
    S: +OK
    C: UIDL
    S: -ERR
    C: QUIT
    S: +OK bye
  `

  async function say(port: number, ...commands: readonly string[]): Promise<string[]> {
    const peer = await LinePeer.connect(port)
    const said = [await peer.line()]
    for (const command of commands) said.push(await peer.ask(command).catch(() => '(end)'))
    peer.drop()
    return said
  }

  it('plays what was written by hand, again where it may', async () => {
    await using server = await replay(script, { repeat: true })
    const commands = ['USER ann', 'PASS x', 'UIDL', 'QUIT']
    for (let nth = 0; nth < 2; nth += 1)
      expect(await say(server.port, ...commands)).toEqual(['+OK ready', '+OK', '+OK', '-ERR', '+OK bye'])
    await server.played()
  })

  it('takes commands that come ahead, in pieces', async () => {
    await using server = await replay(script)
    const peer = await LinePeer.connect(server.port)
    for (const octet of 'USER ann\r\nPASS x\r\nUIDL\r\nQU') peer.write(octet)
    peer.write('IT\r\n')
    expect(await peer.end()).toBe('+OK ready\r\n+OK\r\n+OK\r\n-ERR\r\n+OK bye\r\n')
    peer.drop()
    await server.played()
  })

  it.each([
    [
      'another command',
      ['USER ann', 'PASS secret', 'LIST'],
      8,
      '`UIDL` should come, and the client sent `LIST`',
    ],
    ['another argument', ['USER eve'], 4, '`USER ann` should come, and the client sent `USER eve`'],
    ['a password too early', ['PASS secret'], 4, 'the client sent `PASS ...`'],
    ['a login of another kind', ['AUTH PLAIN secret'], 4, 'the client sent `AUTH ...`'],
    ['a line of its own', ['USER ann', 'PASS x', 'UIDL', 'QUIT', 'NOOP'], 11, 'nothing more should come'],
  ])('tells where a client departs: %s', async (_why, commands, line, text) => {
    await using server = await replay(script)
    const peer = await LinePeer.connect(server.port)
    peer.write(commands.map(command => `${command}\r\n`).join(''))
    const said = await peer.end()
    peer.drop()
    const error = await server.played().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ReplayError)
    expect(error).toMatchObject({ line, message: expect.stringContaining(text) as string })
    expect(String(error)).not.toContain('secret')
    if (line < 11) expect(said).toContain(`-ERR replay: line ${line} of the transcript: `)
  })

  it('tells of a client that leaves, and of one too many', async () => {
    await using left = await replay(script)
    await say(left.port, 'USER ann')
    await expect(left.played()).rejects.toThrow(
      'line 6 of the transcript: `PASS ...` should come, and the client closed the connection',
    )
    await using server = await replay('S: 220 a\nC: QUIT\nS: 221 b')
    await say(server.port, 'QUIT')
    await server.played()
    expect(await say(server.port)).toEqual(['-ERR replay: connection 2 came, and the transcript has 1'])
    expect(server.departures).toHaveLength(1)
  })

  it('plays TLS where the transcript has it', async () => {
    await using server = await replay('[TLS]\nS: +OK\nC: QUIT\nS: +OK')
    const socket = connectTls({ port: server.port, ca: server.certificate, servername: 'localhost' })
    const peer = LinePeer.on(socket)
    expect([await peer.line(), await peer.ask('QUIT')]).toEqual(['+OK', '+OK'])
    peer.drop()
    await server.played()
  })

  it('a client of ours sees its word as an error', async () => {
    await using server = await replay('S: +OK\nC: CAPA\nS: -ERR\nC: USER bob')
    const failed = fetchAll(server, { auth: password('ann', 'sesame', { mechanisms: ['USER'] }) })
    await expect(failed).rejects.toSatisfy((error: Pop3Error) =>
      /replay: line 4/.test(error.serverText ?? ''),
    )
  })

  it.each([
    ['', 'no lines'],
    ['S: +OK\nQUIT', 'line 2 of the transcript is none of'],
    ['S: +OK\n[5 octets of content]', 'line 2 of the transcript is none of'],
    ['S: +OK\nS: + {challenge}', 'line 2 of the transcript: what the server said is not told'],
    ['C: AUTH SCRAM-SHA-512\nS: + {challenge}', 'line 2 of the transcript: what the server said is not told'],
  ])('refuses what cannot be played: %j', async (text, says) => {
    await expect(replay(text, { password: 'x' })).rejects.toThrow(says)
  })

  it.each([
    ['begins otherwise', 'AUTH SCRAM-SHA-256 eA==', 'did not begin as SCRAM does'],
    [
      'answers another nonce',
      'AUTH SCRAM-SHA-256 biwsbj1hbm4scj14\r\nYz1iaXdzLHI9eCxwPXg=',
      'did not answer',
    ],
  ])('tells of a client of SCRAM that %s', async (_how, commands, says) => {
    const text = 'S: +OK\nC: AUTH SCRAM-SHA-256 {a}\nS: + {challenge}\nC: {b}\nS: + {challenge}\nC:\nS: +OK'
    await using server = await replay(text, { password: 'x' })
    const peer = await LinePeer.connect(server.port)
    peer.write(`${commands}\r\n`)
    expect(await peer.end()).toContain('-ERR replay: line ')
    peer.drop()
    await expect(server.played()).rejects.toThrow(says)
  })
})
