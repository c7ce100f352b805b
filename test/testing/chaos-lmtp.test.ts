// Faults of LMTP on purpose: those of SMTP, and behind a message one for each recipient, RFC 2033 section 4.2.
import { createTransport } from 'nodemailer'
import { describe, expect, it } from 'vitest'
import { type ChaosRule, startTestOffice, type TestOffice } from '../../src/testing/index.ts'
import { LinePeer } from '../e2e/line-peer.ts'

const officeWith = (...chaos: readonly ChaosRule[]) =>
  startTestOffice({ users: ['ann', 'bob', 'eve'], chaos })

async function greeted(office: TestOffice): Promise<LinePeer> {
  const peer = await LinePeer.connect(office.lmtp.port)
  await peer.smtpReply()
  await peer.askSmtp('LHLO client.example')
  return peer
}

/** One message for these, after its 354; gives the replies behind it. */
async function send(peer: LinePeer, names: readonly string[], subject = 'x'): Promise<string[]> {
  await peer.askSmtp('MAIL FROM:<x@y.example>')
  for (const name of names) await peer.askSmtp(`RCPT TO:<${name}@office.test>`)
  expect(await peer.askSmtp('DATA')).toMatch(/^354 /)
  peer.write(`Subject: ${subject}\r\n\r\n..\r\n.\r\n`)
  const replies: string[] = []
  while (replies.length < names.length) replies.push(await peer.smtpReply())
  return replies
}

const received = async (office: TestOffice) =>
  (await office.messages()).map(({ subject, envelope }) => [subject, ...envelope.to])

describe('LMTP without rules', () => {
  it('passes everything on, pipelined, with a reply of each recipient', async () => {
    await using office = await officeWith()
    const peer = await LinePeer.connect(office.lmtp.port)
    const rcpts = ['ann', 'nobody', 'bob'].map(name => `RCPT TO:<${name}@office.test>\r\n`).join('')
    peer.write(
      `LHLO a\r\nMAIL FROM:<x@y.example>\r\n${rcpts}DATA\r\nSubject: x\r\n\r\n..\r\n.\r\nNOOP\r\nQUIT\r\n`,
    )
    const said = await peer.end()
    expect(said).toMatch(
      /\r\n550 [^\r]*\r\n250 [^\r]*\r\n354 [^\r]*\r\n250 [^\r]*\r\n250 [^\r]*\r\n250 [^\r]*\r\n221 /,
    )
    expect(await received(office)).toEqual([['x', 'ann@office.test', 'bob@office.test']])
    peer.drop()
    expect(office.sessions[0]).toMatchObject({ protocol: 'lmtp' })
    // As it went over the wire, the enhanced status code with it.
    expect(String(office.sessions[0])).toContain('\nS: 250 2.1.5 Accepted\n')
  })

  it('is spoken with a client of the field', async () => {
    await using office = await officeWith()
    const transport = createTransport({ ...office.lmtp, lmtp: true })
    await transport.sendMail({ from: 'x@y.example', to: 'ann@office.test', subject: 'by LMTP' })
    transport.close()
    expect((await office.waitForMessage({ to: 'ann' })).subject).toBe('by LMTP')
  })
})

describe('faults of LMTP', () => {
  it.each([
    ['the first', ['ann', 'bob', 'eve'], 'ANN@', [452, 250, 250]],
    ['the last', ['ann', 'bob', 'eve'], 'eve@', [250, 250, 452]],
    ['the only one', ['bob'], 'bob@', [452]],
    ['nobody there', ['ann'], 'bob@', [250]],
  ])('reply: refuses %s behind the message, who does not have it', async (_who, names, argument, codes) => {
    await using office = await officeWith({
      fault: 'reply',
      verb: 'END-OF-DATA',
      argument,
      text: '452-4.2.2 too\n452 4.2.2 full',
    })
    const peer = await greeted(office)
    const replies = await send(peer, names)
    expect(replies.map(reply => Number(reply.slice(0, 3)))).toEqual(codes)
    const others = names.filter((_, nth) => codes[nth] === 250).map(name => `${name}@office.test`)
    expect(await received(office)).toEqual(others.length === 0 ? [] : [['x', ...others]])
    expect(office.chaos.injected).toHaveLength(codes.filter(code => code === 452).length)
    office.chaos.clear()
    expect(await send(peer, ['eve'], 'next')).toEqual([expect.stringMatching(/^250 /)])
    expect((await received(office)).at(-1)).toEqual(['next', 'eve@office.test'])
    peer.drop()
  })

  it('counts the reply of each recipient', async () => {
    await using office = await officeWith({ fault: 'garbage', verb: 'END-OF-DATA', text: '451 ?', nth: 2 })
    const peer = await greeted(office)
    expect(await send(peer, ['ann', 'bob'])).toEqual([expect.stringMatching(/^250 /), '451 ?'])
    expect(await peer.smtpReply()).toMatch(/^250 /)
    peer.drop()
  })

  it.each([
    [true, 'ann@office.test', 'bob@office.test', 'eve@office.test'],
    [false, 'ann@office.test', 'eve@office.test'],
  ])('no-answer: to one recipient, carried out: %s', async (carriedOut, ...to) => {
    await using office = await officeWith({
      fault: 'no-answer',
      protocol: 'lmtp',
      argument: 'bob@',
      carriedOut,
    })
    const peer = await greeted(office)
    peer.write('MAIL FROM:<x@y.example>\r\n')
    for (const name of ['ann', 'bob', 'eve']) peer.write(`RCPT TO:<${name}@office.test>\r\n`)
    peer.write('DATA\r\nSubject: x\r\n\r\nx\r\n.\r\n')
    const said = await peer.end()
    peer.drop()
    expect(said.slice(said.indexOf('354 '))).toMatch(/^354 [^\r]*\r\n250 [^\r]*\r\n$/)
    await expect.poll(() => office.sessions[0]?.state).toBe('ended')
    expect(await received(office)).toEqual([['x', ...to]])
  })

  it('drop-data, drop and a greeting of another kind', async () => {
    await using office = await officeWith(
      { fault: 'reply', protocol: 'lmtp', verb: 'GREETING', text: '421 later', nth: 4 },
      { fault: 'drop-data', nth: 1 },
      { fault: 'drop', verb: 'END-OF-DATA', afterOctets: 3 },
    )
    for (const [names, last] of [
      [['ann'], '354 go ahead\r\n'],
      [['ann', 'bob'], '250'],
    ] as const) {
      const peer = await greeted(office)
      await peer.askSmtp('MAIL FROM:<x@y.example>')
      for (const name of names) await peer.askSmtp(`RCPT TO:<${name}@office.test>`)
      peer.write('DATA\r\nx\r\n.\r\n')
      const said = await peer.end()
      peer.drop()
      expect(said.endsWith(last)).toBe(true)
    }
    await greeted(office).then(peer => peer.drop())
    const peer = await LinePeer.connect(office.lmtp.port)
    expect(await peer.line()).toBe('421 later')
    peer.drop()
  })

  it('lying-ehlo: in the reply to LHLO', async () => {
    await using office = await officeWith({ fault: 'lying-ehlo', add: ['XTRA'], remove: ['PIPELINING'] })
    const peer = await LinePeer.connect(office.lmtp.port)
    peer.write('LHLO a\r\nQUIT\r\n')
    const said = await peer.end()
    expect(said).toMatch(/^250 XTRA\r$/m)
    expect(said).toMatch(/^250-8BITMIME\r$/m)
    expect(said).not.toMatch(/PIPELINING/)
    peer.drop()
  })

  it.each(['expired-token', 'starttls-injection', 'in-use'] as const)('has no %s', async fault => {
    await expect(officeWith({ fault, protocol: 'lmtp' })).rejects.toThrow(`no fault "${fault}" of lmtp`)
  })
})
