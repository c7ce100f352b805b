// TLS of the test office: a certificate to trust, STLS and STARTTLS where they are asked for, logins bound to the channel.
import { connect as connectTls } from 'node:tls'
import { createTransport } from 'nodemailer'
import { describe, expect, it } from 'vitest'
import { connect, Pop3Error, password } from '../../src/pop3/client/index.ts'
import { startTestOffice, type TestOffice } from '../../src/testing/index.ts'
import { LinePeer } from '../e2e/line-peer.ts'

const ann = { name: 'ann', password: 'sesame' }

function open(office: TestOffice, how: 'implicit' | 'stls', mechanism?: 'SCRAM-SHA-256-PLUS') {
  const { host, port } = how === 'implicit' ? office.pop3s : office.pop3
  const auth = password('ann', 'sesame', mechanism === undefined ? {} : { mechanisms: [mechanism] })
  return connect({ host, port, tls: how, certificate: { authority: office.certificate }, auth })
}

async function sendSecurely(office: TestOffice, how: 'implicit' | 'starttls', pass = 'sesame') {
  const { host, port } = how === 'implicit' ? office.smtps : office.smtp
  const transport = createTransport({
    host,
    port,
    secure: how === 'implicit',
    requireTLS: true,
    auth: { user: 'ann', pass },
    tls: { ca: office.certificate },
  })
  try {
    await transport.sendMail({ from: 'ann@office.test', to: 'ann@office.test', subject: how, text: '.\n..' })
  } finally {
    transport.close()
  }
}

describe('POP3', () => {
  it('has TLS from the first octet on, and a certificate to trust', async () => {
    await using office = await startTestOffice({ users: [ann] })
    await office.deliver({ to: 'ann', text: '.\n..' })
    await using session = await open(office, 'implicit')
    const texts: string[] = []
    for await (const { body } of session.retrieve(await session.listing()))
      texts.push(Buffer.from(await body.bytes()).toString())
    expect(texts[0]).toMatch(/\r\n\r\n\.\r\n\.\.\r\n$/)
    expect(String(office.sessions[0])).toContain('C: AUTH SCRAM-SHA-256-PLUS')
    const other = await startTestOffice({ hostname: 'other.test' })
    await other.close()
    const { certificate } = other
    const wrong = connect({
      ...office.pop3s,
      tls: 'implicit',
      certificate: { authority: certificate },
      auth: password('ann', 'x'),
    })
    await expect(wrong).rejects.toBeInstanceOf(Pop3Error)
  })

  it('has STLS where it is asked for, and no login without it where it must be', async () => {
    await using office = await startTestOffice({ users: [ann], startTls: 'required' })
    const clear = await LinePeer.connect(office.pop3.port)
    await clear.line()
    expect((await clear.askBody('CAPA')).toString()).toMatch(/^STLS\r$/m)
    expect(await clear.ask('USER ann')).toMatch(/^-ERR/)
    clear.drop()
    await using session = await open(office, 'stls')
    expect(await session.listing()).toHaveLength(0)
    await session.commit()
    await using plain = await startTestOffice()
    const peer = await LinePeer.connect(plain.pop3.port)
    await peer.line()
    expect(await peer.ask('STLS')).toMatch(/^-ERR/)
    peer.drop()
  })

  it.each(['implicit', 'stls'] as const)('binds a login to the client’s channel: %s', async how => {
    await using office = await startTestOffice({ users: [ann], startTls: 'offered' })
    await using session = await open(office, how, 'SCRAM-SHA-256-PLUS')
    expect(await session.listing()).toHaveLength(0)
  })

  it('leaves to the server what stands in clear behind STLS', async () => {
    await using office = await startTestOffice({ users: [ann], startTls: 'offered' })
    const peer = await LinePeer.connect(office.pop3.port)
    await peer.line()
    peer.write('STLS\r\nUSER ann\r\n')
    expect(await peer.end()).not.toMatch(/^\+OK[^]*\+OK/)
    expect(office.sessions[0]?.user).toBeUndefined()
  })

  it('ends a session whose handshake fails', async () => {
    await using office = await startTestOffice({ users: [ann], startTls: 'offered' })
    const peer = await LinePeer.connect(office.pop3.port)
    await peer.line()
    expect(await peer.ask('STLS')).toMatch(/^\+OK/)
    peer.write('USER ann\r\n')
    await peer.end()
    peer.drop()
    await expect.poll(() => office.sessions[0]?.state).toBe('ended')
  })

  it('stls-injection: a line in clear stands behind the +OK, and no password follows it', async () => {
    await using office = await startTestOffice({
      users: [ann],
      startTls: 'offered',
      chaos: [{ fault: 'stls-injection', nth: 1 }],
    })
    await expect(open(office, 'stls')).rejects.toMatchObject({ code: 'stls-injection' })
    await using session = await open(office, 'stls')
    expect(await session.listing()).toHaveLength(0)
    expect(office.chaos.injected).toMatchObject([{ verb: 'STLS' }])
  })
})

describe('SMTP', () => {
  it.each(['implicit', 'starttls'] as const)('takes mail of those who have logged in: %s', async how => {
    await using office = await startTestOffice({
      users: [ann],
      startTls: 'required',
      smtpLogin: 'required',
    })
    await sendSecurely(office, how)
    const message = await office.waitForMessage({ subject: how })
    expect(message.header('received')).toMatch(/ with ESMTPSA /)
    expect(Buffer.from(message.raw).toString()).toMatch(/\r\n\r\n\.\r\n\.\.\r\n$/)
    await expect(sendSecurely(office, how, 'wrong')).rejects.toThrow('535')
    expect(office.sessions.at(-1)?.toString()).not.toContain('d3Jvbmc')
    const clear = await LinePeer.connect(office.smtp.port)
    await clear.smtpReply()
    await clear.askSmtp('EHLO x.example')
    expect(await clear.askSmtp('AUTH PLAIN AGFubgBzZXNhbWU=')).toMatch(/^538 /)
    expect(await clear.askSmtp('MAIL FROM:<a@b.example>')).toMatch(/^530 /)
    clear.drop()
  })

  it('needs no TLS for a login unless it is told to', async () => {
    await using office = await startTestOffice({ users: [{ ...ann, token: 'good' }] })
    for (const auth of [
      { user: 'ann', pass: 'sesame', method: 'LOGIN' },
      { user: 'ann', pass: 'sesame', method: 'CRAM-MD5' },
      { type: 'OAuth2', user: 'ann', accessToken: 'good' },
    ]) {
      const transport = createTransport({ ...office.smtp, auth } as Parameters<typeof createTransport>[0])
      await transport.sendMail({ from: 'x@y.example', to: 'ann@office.test', text: 'hello' })
      transport.close()
      expect(office.sessions.at(-1)?.user).toBe('ann')
    }
    await using without = await startTestOffice({ smtpLogin: 'none' })
    const peer = await LinePeer.connect(without.smtp.port)
    await peer.smtpReply()
    await peer.askSmtp('EHLO x.example')
    expect(await peer.askSmtp('AUTH PLAIN AGFubgBzZXNhbWU=')).toMatch(/^500 /)
    peer.drop()
  })

  it('starttls-injection: a line in clear stands behind the 220', async () => {
    await using office = await startTestOffice({
      startTls: 'offered',
      chaos: [{ fault: 'starttls-injection', text: '250 mine' }],
    })
    const peer = await LinePeer.connect(office.smtp.port)
    await peer.smtpReply()
    await peer.askSmtp('EHLO x.example')
    expect(await peer.askSmtp('STARTTLS')).toMatch(/^220 /)
    expect(await peer.line()).toBe('250 mine')
    const socket = connectTls({ socket: peer.socket, ca: office.certificate, servername: 'localhost' })
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
    socket.destroy()
  })
})

it('one certificate serves all offices of a name', async () => {
  await using one = await startTestOffice()
  await using other = await startTestOffice()
  await using third = await startTestOffice({ hostname: 'third.test' })
  expect(one.certificate).toMatch(/^-----BEGIN CERTIFICATE-----\n/)
  expect(other.certificate).toBe(one.certificate)
  expect(third.certificate).not.toBe(one.certificate)
})
