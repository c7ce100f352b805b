// Faults of SMTP on purpose, and of logins with tokens in both protocols: each as a client meets it.
import { createTransport } from 'nodemailer'
import { describe, expect, it } from 'vitest'
import { connect, oauth2 } from '../../src/pop3/client/index.ts'
import { type ChaosRule, startTestOffice, type TestOffice } from '../../src/testing/index.ts'
import { LinePeer } from '../e2e/line-peer.ts'

const ann = { name: 'ann', password: 'sesame', token: 'good' }
const officeWith = (...chaos: readonly ChaosRule[]) => startTestOffice({ users: [ann, 'bob'], chaos })

async function greeted(office: TestOffice): Promise<LinePeer> {
  const peer = await LinePeer.connect(office.smtp.port)
  await peer.smtpReply()
  await peer.askSmtp('EHLO client.example')
  return peer
}

/** Up to the 354, or the reply that came in its place. */
async function inData(peer: LinePeer, to = 'ann@office.test'): Promise<string> {
  await peer.askSmtp('MAIL FROM:<x@y.example>')
  const reply = await peer.askSmtp(`RCPT TO:<${to}>`)
  return reply.startsWith('250') ? peer.askSmtp('DATA') : reply
}

describe('SMTP without rules', () => {
  it('passes everything on, pipelined, to the octet', async () => {
    await using office = await officeWith()
    const peer = await LinePeer.connect(office.smtp.port)
    const body = 'Subject: x\r\n\r\nbare\n.\nlf\r\n..dot\r\n\xff\0\r\n'
    peer.write(
      `EHLO a\r\nMAIL FROM:<x@y.example>\r\nRCPT TO:<ann@office.test>\r\nRCPT TO:<nobody>\r\nDATA\r\n${body}.\r\nNOOP\r\nQUIT\r\n`,
    )
    const said = await peer.end()
    expect(said).toMatch(/\r\n250 [^\r]*\r\n550 [^\r]*\r\n354 [^\r]*\r\n250 [^\r]*\r\n250 [^\r]*\r\n221 /)
    const message = await office.waitForMessage({ to: 'ann' })
    expect(Buffer.from(message.raw).toString('latin1')).toMatch(/bare\r\n\.\r\nlf\r\n\.dot\r\n\xff\0\r\n$/)
    peer.drop()
  })
})

describe('faults of SMTP', () => {
  it('reply: whatever the rule says, for one recipient', async () => {
    await using office = await officeWith({ fault: 'reply', text: '451 4.2.1 later', argument: 'ANN@' })
    const peer = await greeted(office)
    expect(await inData(peer)).toBe('451 4.2.1 later')
    expect(await inData(peer, 'bob@office.test')).toMatch(/^503|^354/)
    peer.drop()
    expect(office.chaos.injected).toMatchObject([{ verb: 'RCPT' }])
  })

  it('reply: a message is refused behind its end, is nowhere, and the session goes on', async () => {
    await using office = await officeWith({
      fault: 'reply',
      verb: 'END-OF-DATA',
      text: '552-5.3.4 too\n552 5.3.4 large',
      nth: 1,
    })
    const peer = await greeted(office)
    expect(await inData(peer)).toMatch(/^354 /)
    expect(await peer.ask('Subject: first\r\n\r\nx\r\n.')).toBe('552-5.3.4 too')
    expect(await peer.line()).toBe('552 5.3.4 large')
    expect(await inData(peer)).toMatch(/^354 /)
    expect(await peer.askSmtp('Subject: second\r\n\r\nx\r\n.')).toMatch(/^250 /)
    peer.drop()
    expect((await office.messages()).map(({ subject }) => subject)).toEqual(['second'])
  })

  it('reply: in place of the greeting', async () => {
    await using office = await officeWith({
      fault: 'reply',
      protocol: 'smtp',
      verb: 'GREETING',
      text: '554 no',
    })
    const peer = await LinePeer.connect(office.smtp.port)
    expect(await peer.line()).toBe('554 no')
    expect(await peer.askSmtp('QUIT')).toMatch(/^221 /)
    peer.drop()
  })

  it('drop-data: the connection ends within the message, which never was there', async () => {
    await using office = await officeWith({ fault: 'drop-data', afterOctets: 100 })
    const peer = await greeted(office)
    expect(await inData(peer)).toMatch(/^354 /)
    peer.write('x'.repeat(99))
    peer.write('x'.repeat(1000))
    await peer.end()
    peer.drop()
    await expect.poll(() => office.sessions[0]?.state).toBe('ended')
    expect(await office.messages()).toEqual([])
  })

  it.each([
    [true, 1],
    [false, 0],
  ])('no-answer: behind the final dot, carried out: %s', async (carriedOut, messages) => {
    await using office = await officeWith({ fault: 'no-answer', protocol: 'smtp', carriedOut })
    const peer = await greeted(office)
    await inData(peer)
    peer.write('Subject: x\r\n\r\nx\r\n.\r\n')
    expect(await peer.end()).toBe('')
    peer.drop()
    await expect.poll(() => office.sessions[0]?.state).toBe('ended')
    expect(await office.messages()).toHaveLength(messages)
  })

  it('drop and stall: within the reply to the message', async () => {
    await using office = await officeWith(
      { fault: 'drop', afterOctets: 3, nth: 1 },
      { fault: 'stall', verb: 'MAIL', afterOctets: 2, nth: 2 },
    )
    const peer = await greeted(office)
    await inData(peer)
    peer.write('x\r\n.\r\n')
    expect(await peer.end()).toBe('250')
    peer.drop()
    const other = await greeted(office)
    other.write('MAIL FROM:<x@y.example>\r\nNOOP\r\n')
    await expect.poll(() => office.chaos.injected.length).toBe(2)
    other.socket.end()
    expect(await other.end()).toBe('25')
    other.drop()
  })

  it('garbage, trickle and delay: the reply is there in the end', async () => {
    await using office = await officeWith(
      { fault: 'garbage', verb: 'NOOP', text: '220 hello?', nth: 1 },
      { fault: 'trickle', verb: 'EHLO' },
      { fault: 'delay', verb: 'RSET', ms: 1 },
    )
    const peer = await greeted(office)
    expect(await peer.ask('NOOP')).toBe('220 hello?')
    expect(await peer.line()).toMatch(/^250 /)
    expect(await peer.askSmtp('RSET')).toMatch(/^250 /)
    peer.drop()
    expect(office.chaos.injected.map(({ rule }) => rule.fault)).toEqual(['trickle', 'garbage', 'delay'])
  })

  it('lying-ehlo: adds what is not served, leaves out what is', async () => {
    await using office = await officeWith({
      fault: 'lying-ehlo',
      add: ['STARTTLS', 'XTRA 1'],
      remove: ['size', 'PIPELINING'],
    })
    const peer = await LinePeer.connect(office.smtp.port)
    peer.write('EHLO a\r\nSTARTTLS\r\nQUIT\r\n')
    const said = (await peer.end()).split('\r\n').map(line => line.slice(4))
    expect(said).toEqual(expect.arrayContaining(['STARTTLS', 'XTRA 1', '8BITMIME']))
    expect(said.filter(line => /^(SIZE|PIPELINING)/.test(line))).toEqual([])
    peer.drop()
  })
})

describe('expired-token', () => {
  it('is told in JSON and refused; a new token gets in', async () => {
    await using office = await officeWith({ fault: 'expired-token', nth: 1 })
    const asked: unknown[] = []
    const session = await connect({
      ...office.pop3,
      tls: 'none',
      allowCleartextAuth: true,
      auth: oauth2('ann', async rejected => {
        asked.push(rejected)
        return 'good'
      }),
    })
    await session.commit()
    expect(asked).toHaveLength(2)
    expect(office.chaos.injected).toMatchObject([{ verb: 'AUTH' }])
  })

  it('comes in two lines where the client begins with the mechanism alone; passwords are nobody’s token', async () => {
    await using office = await officeWith({ fault: 'expired-token', status: 'invalid_token' })
    const peer = await LinePeer.connect(office.pop3.port)
    await peer.line()
    expect(await peer.ask('AUTH XOAUTH2')).toBe('+ ')
    const challenge = await peer.ask(Buffer.from('user=ann\x01auth=Bearer good\x01\x01').toString('base64'))
    expect(JSON.parse(Buffer.from(challenge.slice(2), 'base64').toString())).toEqual({
      status: 'invalid_token',
      schemes: 'bearer',
    })
    expect(await peer.ask('')).toMatch(/^-ERR \[AUTH\]/)
    expect(await peer.ask('AUTH PLAIN AGFubgBzZXNhbWU=')).toMatch(/^\+OK/)
    peer.drop()
  })

  it('of SMTP', async () => {
    await using office = await officeWith({ fault: 'expired-token' })
    const auth = { type: 'OAuth2', user: 'ann', accessToken: 'good' } as const
    const transport = createTransport({ ...office.smtp, auth })
    const sending = transport.sendMail({ from: 'x@y.example', to: 'ann@office.test', text: 'x' })
    await expect(sending).rejects.toMatchObject({ responseCode: 535 })
    transport.close()
  })
})

describe('what a collector meets', () => {
  const logIn = (office: TestOffice) => LinePeer.logIn(office.pop3.port, 'ann', 'sesame')
  const uidls = async (peer: LinePeer) => (await peer.askBody('UIDL')).toString().split('\r\n').slice(0, -1)
  const withMail = async (...chaos: readonly ChaosRule[]) => {
    const office = await officeWith(...chaos)
    for (const text of ['one', 'two\n.\nthree', 'four']) await office.deliver({ to: 'ann', text })
    return office
  }

  it('changed-uidl: the same within a session, others in the next', async () => {
    await using office = await withMail({ fault: 'changed-uidl', each: 'session' })
    const peer = await logIn(office)
    const first = await uidls(peer)
    expect(await uidls(peer)).toEqual(first)
    expect(`+OK ${first[1]}`).toBe(await peer.ask('UIDL 2'))
    peer.write('QUIT\r\n')
    await peer.end()
    const again = await logIn(office)
    expect(new Set([...first, ...(await uidls(again))]).size).toBe(6)
    again.drop()
  })

  it('numbered-uidl: another message has what was the first one’s', async () => {
    await using office = await withMail({ fault: 'numbered-uidl' })
    const peer = await logIn(office)
    expect(await uidls(peer)).toEqual(['1 1', '2 2', '3 3'])
    expect(await peer.ask('UIDL 2')).toBe('+OK 2 2')
    await peer.ask('DELE 1')
    await peer.ask('QUIT')
    await peer.end()
    const again = await logIn(office)
    expect(await uidls(again)).toEqual(['1 1', '2 2'])
    again.drop()
  })

  it('empty-listing: nothing is there, in whatever way it is asked for', async () => {
    await using office = await withMail({ fault: 'empty-listing' })
    const peer = await logIn(office)
    expect(await peer.ask('STAT')).toBe('+OK 0 0')
    expect(await peer.askBody('LIST')).toHaveLength(0)
    expect(await peer.askBody('UIDL')).toHaveLength(0)
    expect(await peer.ask('LIST 1')).toMatch(/^-ERR/)
    expect(await peer.ask('RETR 1')).toMatch(/^\+OK/)
    peer.drop()
  })

  it('truncated: a message ends early, in good order', async () => {
    await using office = await withMail()
    const peer = await logIn(office)
    const whole = await peer.askBody('RETR 2')
    office.chaos.add({ fault: 'truncated' })
    const half = await peer.askBody('RETR 2')
    expect(half.length).toBeLessThan(whole.length)
    expect(whole.subarray(0, half.length)).toEqual(half)
    expect(await peer.ask('NOOP')).toMatch(/^\+OK/)
    peer.drop()
  })

  it('no-answer: QUIT that was never carried out; reply: one that was only said to be', async () => {
    await using office = await withMail(
      { fault: 'no-answer', nth: 1, carriedOut: false, protocol: 'pop3' },
      { fault: 'reply', verb: 'QUIT', nth: 2, text: '+OK bye', protocol: 'pop3' },
    )
    for (const said of ['', '+OK bye\r\n']) {
      const peer = await logIn(office)
      expect(await peer.ask('STAT')).toMatch(/^\+OK 3 /)
      await peer.ask('DELE 1')
      peer.write('QUIT\r\n')
      expect(await peer.end()).toBe(said)
      peer.drop()
    }
    const last = await logIn(office)
    expect(await last.ask('STAT')).toMatch(/^\+OK 3 /)
    last.drop()
  })
})
