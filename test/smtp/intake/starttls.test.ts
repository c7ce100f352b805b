// STARTTLS as a client sees it: what is offered, what is forgotten, what is held to, and which certificate comes.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { LinePeer, stuff } from '../../e2e/line-peer.ts'
import { closeIntakes, TestIntake } from './session.ts'
import {
  atHandshake,
  certificate,
  handshake,
  makeCertificate,
  secureClient,
  secureClientInData,
  startSecure,
  summaries,
} from './tls.ts'

afterEach(closeIntakes)

const message = 'Subject: x\r\n\r\nbody\r\n'

async function extensions(peer: LinePeer, hello: string): Promise<string[]> {
  peer.write(`${hello} client.example\r\n`)
  const lines = [await peer.line()]
  while (lines.at(-1)?.[3] === '-') lines.push(await peer.line())
  return lines.slice(1).map(line => line.slice(4))
}

const inClear = ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'ENHANCEDSTATUSCODES', 'STARTTLS', 'SIZE 1000000']
const underTls = inClear.filter(name => name !== 'STARTTLS')

describe.each([
  ['smtp', 'EHLO', 'ESMTPS'],
  ['lmtp', 'LHLO', 'LMTPS'],
] as const)('%s', (protocol, hello, type) => {
  it('offers STARTTLS in clear and only there', async () => {
    const { intake } = await startSecure(protocol)
    const clear = await LinePeer.connect(intake.port)
    await clear.smtpReply()
    expect(await extensions(clear, hello)).toEqual(inClear)
    expect(await clear.askSmtp('STARTTLS')).toMatch(/^220 2\.0\.0 /)
    const { peer } = await handshake(clear)
    expect(await extensions(peer, hello)).toEqual(underTls)
    expect(await peer.askSmtp('STARTTLS')).toMatch(/^503 5\.5\.1 /)
    expect(await peer.askSmtp('STARTTLS now')).toMatch(/^501 5\.5\.4 /)
    peer.drop()
  })

  it('does not offer it without a certificate', async () => {
    const intake = await TestIntake.start(protocol)
    const peer = await LinePeer.connect(intake.port)
    await peer.smtpReply()
    expect(await extensions(peer, hello)).toEqual(underTls)
    expect(await peer.askSmtp('STARTTLS')).toMatch(/^500 /)
    peer.drop()
  })

  it('says in the trace and in the log that there was TLS, and which', async () => {
    const { intake } = await startSecure(protocol)
    const { peer, socket } = await secureClientInData(intake)
    peer.write(`${message}.\r\n`)
    expect(await peer.smtpReply()).toMatch(/^250 2\.6\.0 /)
    expect(intake.target.laid[0]?.content).toMatch(
      new RegExp(
        ` with ${type} id D1\\r\\n\\tfor <ann@example\\.org>\\r\\n\\ttls ${socket.getCipher().standardName};\\r\\n`,
      ),
    )
    await peer.askSmtp('QUIT')
    await peer.end()
    await expect.poll(() => intake.intake.sessions).toBe(0)
    expect(summaries(intake)).toEqual([
      expect.objectContaining({ tls: 'TLSv1.3', reason: 'quit', accepted: 1, helo: 'client.example' }),
    ])
    expect(intake.intake.failedHandshakes).toBe(0)
    peer.drop()
  })

  it('forgets at the handshake who the client was and what it wanted', async () => {
    const { intake } = await startSecure(protocol)
    const clear = await intake.client()
    for (const command of ['MAIL FROM:<x@y.example>', 'RCPT TO:<ann>', 'RCPT TO:<bob>']) {
      await clear.askSmtp(command)
    }
    expect(await clear.askSmtp('STARTTLS')).toMatch(/^220 /)
    const { peer } = await handshake(clear)
    for (const command of ['MAIL FROM:<x@y.example>', 'RCPT TO:<ann>', 'DATA']) {
      expect(await peer.askSmtp(command), command).toMatch(/^503 5\.5\.1 /)
    }
    await peer.askSmtp(`${hello} again.example`)
    for (const command of ['RCPT TO:<ann>', 'DATA']) {
      expect(await peer.askSmtp(command), command).toMatch(/^503 5\.5\.1 /)
    }
    await peer.askSmtp('MAIL FROM:<x@y.example>')
    await peer.askSmtp('RCPT TO:<bob>')
    await peer.askSmtp('DATA')
    peer.write(`${message}.\r\nQUIT\r\n`)
    expect(await peer.smtpReply()).toMatch(/^250 /)
    expect(await peer.smtpReply()).toMatch(/^221 /)
    expect(intake.target.laid.map(({ copies }) => copies.map(({ account }) => account.name))).toEqual([
      ['bob'],
    ])
    expect(intake.target.laid[0]?.content).toContain('from again.example')
    peer.drop()
  })
})

describe('the command', () => {
  it.each([
    ['STARTTLS now', /^501 5\.5\.4 /, 'it takes no argument'],
    ['STARTTLS\t', /^500 /, 'a verb of that name there is not'],
    ['STARTTLSX', /^500 /, 'nor of that'],
  ])('%j is answered %s, in clear: %s', async (command, reply) => {
    const { intake } = await startSecure('smtp')
    const peer = await intake.client()
    expect(await peer.askSmtp(command)).toMatch(reply)
    expect(await peer.askSmtp('NOOP')).toMatch(/^250 /)
    peer.drop()
  })

  it.each(['STARTTLS', 'starttls', 'StartTLS ', 'STARTTLS   '])('%j is understood', async command => {
    const { intake } = await startSecure('smtp')
    const clear = await intake.client()
    expect(await clear.askSmtp(command)).toMatch(/^220 /)
    const { peer } = await handshake(clear)
    expect(await peer.askSmtp('EHLO x')).toMatch(/^250 /)
    peer.drop()
  })

  it('may be the last of several that come together', async () => {
    const { intake } = await startSecure('smtp')
    const clear = await LinePeer.connect(intake.port)
    await clear.smtpReply()
    clear.write(`${'NOOP\r\n'.repeat(150)}EHLO client.example\r\nSTARTTLS\r\n`)
    for (let n = 0; n < 151; n++) expect(await clear.smtpReply()).toMatch(/^250 /)
    expect(await clear.smtpReply()).toMatch(/^220 /)
    const { peer } = await handshake(clear)
    expect(await peer.askSmtp('EHLO client.example')).toMatch(/^250 /)
    peer.drop()
  })

  it('may stand behind a message that came with it', async () => {
    const { intake } = await startSecure('smtp')
    const clear = await intake.clientInData()
    clear.write(`${message}.\r\nNOOP\r\nSTARTTLS\r\n`)
    for (const code of ['250 2.6.0', '250', '220']) expect(await clear.smtpReply()).toContain(code)
    const { peer } = await handshake(clear)
    expect(await peer.askSmtp('EHLO client.example')).toMatch(/^250 /)
    peer.drop()
  })
})

describe('the certificate', () => {
  it('is the newest when the handshake begins, and no session ends when it changes', async () => {
    const { intake, tls } = await startSecure('smtp')
    const before = await secureClient(intake)
    const renewed = makeCertificate('mx.example.org')
    tls.use(renewed)
    const after = await secureClient(intake, { ca: renewed.cert })
    expect(after.socket.authorized).toBe(true)
    await expect(secureClient(intake, { ca: certificate.cert })).rejects.toThrow(/self.signed/)
    expect(await before.peer.askSmtp('NOOP')).toMatch(/^250 /)
    for (const { peer } of [before, after]) peer.drop()
  })

  it.each([
    ['other.example', 'other.example', 'the name has one of its own'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example', 'a name in its ASCII form stays in it'],
    ['unknown.example', 'mx.example.org', 'the name has none'],
    ['', 'mx.example.org', 'no name was sent'],
  ])('for %j is that of %s: %s', async (servername, expected) => {
    const { intake, tls } = await startSecure('smtp')
    const names = ['other.example', 'xn--bcher-kva.example']
    for (const name of names) tls.use(makeCertificate(name), name)
    const options = { servername, rejectUnauthorized: false }
    const { peer, socket } = await secureClient(intake, options)
    expect(socket.getPeerCertificate().subject.CN).toBe(expected)
    peer.drop()
  })

  it('comes whatever the client offers in ALPN: SMTP has no name there', async () => {
    const { intake } = await startSecure('smtp')
    const { peer, socket } = await secureClient(intake, { ALPNProtocols: ['h2', 'imap'] })
    expect(socket.alpnProtocol).toBe(false)
    peer.drop()
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('need not come again: %s sessions are resumed', async version => {
    const { intake } = await startSecure('smtp')
    const options = { minVersion: version, maxVersion: version }
    const clear = await atHandshake(intake)
    const first = await handshake(clear, options)
    const wasReused = first.socket.isSessionReused()
    let session = first.socket.getSession()
    first.socket.on('session', newer => (session = newer))
    expect(await first.peer.askSmtp('EHLO x')).toMatch(/^250 /)
    await first.peer.askSmtp('QUIT')
    await first.peer.end()
    expect(wasReused).toBe(false)
    const again = await secureClient(intake, { ...options, ...(session && { session }) })
    expect(again.socket.isSessionReused()).toBe(true)
    expect(again.socket.getProtocol()).toBe(version)
    for (const { peer } of [first, again]) peer.drop()
  })
})

describe('under TLS', () => {
  const sha256 = (octets: Uint8Array) => createHash('sha256').update(octets).digest('hex')

  it('30 MB come octet for octet, and the client waits for a slow store', { timeout: 60_000 }, async () => {
    const { intake } = await startSecure('smtp', { maxOctets: 40_000_000 })
    let release = () => {}
    intake.target.onWrite = () => new Promise(resolve => (release = resolve))
    const { peer, socket } = await secureClientInData(intake)
    const lines = randomBytes(23_000_000).toString('base64').replace(/.{76}/g, '$&\r\n')
    const content = Buffer.from(`Subject: x\r\n\r\n.\xff\0${lines}\r\n`, 'latin1')
    const stuffed = stuff(content)
    let sent = 0
    const sending = (async () => {
      for (; sent < stuffed.length; sent += 50_001) {
        if (!socket.write(stuffed.subarray(sent, sent + 50_001))) await once(socket, 'drain')
      }
    })()
    // The store takes nothing yet: what the sockets and the feed hold is all that can be sent.
    let before = -1
    const standsStill = () => {
      const stands = sent === before && sent > 0
      before = sent
      return stands
    }
    await expect.poll(standsStill, { interval: 200, timeout: 10_000 }).toBe(true)
    expect(sent).toBeLessThan(stuffed.length / 2)
    intake.target.onWrite = () => undefined
    release()
    await sending
    expect(await peer.smtpReply()).toMatch(/^250 2\.6\.0 /)
    expect(sha256(Buffer.from(intake.bodies[0] ?? '', 'latin1'))).toBe(sha256(content))
    expect(intake.target.largestWrite).toBeLessThan(300_000)
    peer.drop()
  })

  it.each([
    ['says nothing', () => undefined],
    ['trickles a command', (peer: LinePeer) => peer.write('x')],
  ])('a client that %s is given up', async (_what, trickle) => {
    const { intake } = await startSecure('smtp', { timeoutMs: 200 })
    const { peer } = await secureClient(intake)
    const timer = setInterval(() => trickle(peer), 20)
    expect((await peer.end()).split('\r\n').at(-2)).toMatch(/^421 4\.4\.2 /)
    clearInterval(timer)
    await expect.poll(() => intake.intake.sessions).toBe(0)
    expect(summaries(intake)[0]).toMatchObject({ tls: 'TLSv1.3', reason: 'timeout' })
    peer.drop()
  })

  it('a client that trickles mail data is given up, and leaves nothing', async () => {
    const { intake } = await startSecure('smtp', { timeoutMs: 200 })
    const { peer } = await secureClientInData(intake)
    const timer = setInterval(() => peer.write('x'), 20)
    expect((await peer.end()).split('\r\n').at(-2)).toMatch(/^421 4\.4\.2 /)
    clearInterval(timer)
    await expect.poll(() => intake.intake.sessions).toBe(0)
    expect([intake.target.open, intake.target.laid.length]).toEqual([0, 0])
    peer.drop()
  })

  it('too many errors, unknown commands and lines too long end the session as in clear', async () => {
    for (const [input, reply] of [
      ['DATA\r\n'.repeat(50), /^421 4\.7\.0 /],
      ['BOGUS\r\n'.repeat(50), /^421 /],
      ['x'.repeat(3_000), /^421 5\.5\.2 /],
    ] as const) {
      const { intake } = await startSecure('smtp')
      const { peer } = await secureClient(intake)
      peer.write(input)
      expect((await peer.end()).split('\r\n').at(-2)).toMatch(reply)
      await expect.poll(() => intake.intake.sessions).toBe(0)
      peer.drop()
    }
  })

  it('sessions are counted as one each, and counted out again', async () => {
    const { intake } = await startSecure('smtp', { maxSessions: 2 })
    const [first, second] = [await secureClient(intake), await secureClient(intake)]
    const third = await LinePeer.connect(intake.port)
    expect(await third.smtpReply()).toMatch(/^421 4\.7\.0 /)
    first.peer.drop()
    await expect.poll(() => intake.intake.sessions).toBe(1)
    const fourth = await secureClient(intake)
    expect(intake.intake.sessions).toBe(2)
    for (const { peer } of [second, fourth]) peer.drop()
    await expect.poll(() => intake.intake.sessions).toBe(0)
  })

  it('a drain lets transactions end, and ends the others', async () => {
    const { intake } = await startSecure('smtp')
    const [idle, inData] = [await secureClient(intake), await secureClientInData(intake)]
    const inHandshake = await atHandshake(intake)
    const drained = intake.intake.drain(20_000)
    expect((await idle.peer.end()).split('\r\n').at(-2)).toMatch(/^421 4\.3\.2 /)
    expect(await inHandshake.end(), 'no reply between the records of a handshake').toBe('')
    inData.peer.write('Subject: x\r\n.\r\n')
    expect(await inData.peer.smtpReply()).toMatch(/^250 2\.6\.0 /)
    expect((await inData.peer.end()).split('\r\n').at(-2)).toMatch(/^421 4\.3\.2 /)
    for (const { peer } of [idle, inData]) peer.drop()
    await drained
    expect(intake.target.laid).toHaveLength(1)
    expect(summaries(intake).map(({ reason }) => reason)).toEqual(['drain', 'drain', 'drain'])
  })

  it('a client that vanishes in a message leaves nothing', async () => {
    const { intake } = await startSecure('smtp', { maxOctets: 10_000_000 })
    const { peer } = await secureClientInData(intake)
    peer.write(Buffer.alloc(3_000_000, 'x'))
    await expect.poll(() => intake.target.begun).toBe(1)
    peer.drop()
    await expect.poll(() => intake.intake.sessions).toBe(0)
    await expect.poll(() => intake.target.open).toBe(0)
    expect(intake.target.laid).toEqual([])
    expect(summaries(intake)[0]).toMatchObject({ reason: 'peer closed' })
  })
})
