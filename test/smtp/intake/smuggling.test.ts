// SMTP smuggling: whatever stands for a line end beside CRLF must not end the mail data, wherever the packets are cut.
import { afterEach, describe, expect, it } from 'vitest'
import { closeIntakes, sendCut, TestIntake } from './session.ts'

afterEach(closeIntakes)

const smuggled = 'MAIL FROM:<evil@y.example>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\nSubject: evil\r\n\r\n'

describe('what does not end the mail data', () => {
  it.each([
    ['\n.\n', '\r\n.\r\n'],
    ['\r.\r', '\r.\r'],
    ['\r\n.\n', '\r\n\r\n'],
    ['\n.\r\n', '\r\n.\r\n'],
    ['\r.\r\n', '\r.\r\n'],
    ['\r\n.\r', '\r\n\r'],
    ['\r\r\n.\n', '\r\r\n\r\n'],
    ['\r\n\0.\r\n', '\r\n\0.\r\n'],
    ['\r\n.\0\r\n', '\r\n\0\r\n'],
    ['\n.\r', '\r\n.\r'],
    ['\r\n.\r\r\n', '\r\n\r\r\n'],
  ])('%j is content, stored as %j, at every split point', async (sequence, stored) => {
    const intake = await TestIntake.start('smtp')
    const peer = await intake.client()
    const data = Buffer.from(`a${sequence}${smuggled}.\r\n`, 'latin1')
    const splits = [...Array(sequence.length + 4).keys(), data.length - 5, data.length - 2, data.length - 1]
    for (const at of splits) {
      for (const command of ['MAIL FROM:<x@y.example>', 'RCPT TO:<ann@example.org>', 'DATA']) {
        expect(await peer.askSmtp(command)).toMatch(/^[23]/)
      }
      await sendCut(peer, data, at)
      expect(await peer.smtpReply()).toMatch(/^250 2\.6\.0 /)
    }
    expect(await peer.askSmtp('NOOP'), 'no reply is left over').toMatch(/^250 2\.0\.0 /)
    expect(new Set(intake.bodies)).toEqual(new Set([`a${stored}${smuggled}`]))
    expect(intake.target.laid.map(({ copies }) => copies[0]?.account.name)).toEqual(splits.map(() => 'ann'))
    peer.drop()
  })

  it.each([
    ['.\n', '\r\n'],
    ['.\r', '\r'],
    ['\n.\n', '\r\n.\r\n'],
    ['..\r\n', '.\r\n'],
  ])('%j at the very beginning is content, stored as %j', async (sequence, stored) => {
    const intake = await TestIntake.start('smtp')
    for (let at = 0; at <= sequence.length; at++) {
      const peer = await intake.clientInData()
      await sendCut(peer, Buffer.from(`${sequence}${smuggled}.\r\n`, 'latin1'), at)
      expect(await peer.smtpReply()).toMatch(/^250 2\.6\.0 /)
      expect(await peer.askSmtp('NOOP')).toMatch(/^250 2\.0\.0 /)
      peer.drop()
    }
    expect(new Set(intake.bodies)).toEqual(new Set([`${stored}${smuggled}`]))
  })
})

describe('mail data cut anywhere', () => {
  it('ends where it ends, and the commands behind it are obeyed', async () => {
    const intake = await TestIntake.start('lmtp')
    const peer = await intake.client()
    const content = '.a\r\n\r\n..\r\n.\r\r\n\n..x\r\n'
    const stored = '.a\r\n\r\n..\r\n.\r\r\n\r\n..x\r\n'
    const wire = Buffer.from(`${content.replace(/(^|\r\n)\./g, '$1..')}.\r\nNOOP\r\n`)
    const begin = 'MAIL FROM:<>\r\nRCPT TO:<ann>\r\nDATA\r\n'
    for (let at = 0; at <= wire.length; at++) {
      peer.write(begin)
      for (let n = 0; n < 3; n++) await peer.smtpReply()
      await sendCut(peer, wire, at)
      expect(await peer.smtpReply()).toMatch(/^250 2\.6\.0 /)
      expect(await peer.smtpReply()).toMatch(/^250 2\.0\.0 /)
    }
    // The commands, the data and the commands behind them may also come in one piece.
    peer.write(`${begin}${wire.toString()}`)
    for (const code of [250, 250, 354, 250, 250]) expect(await peer.smtpReply()).toMatch(String(code))
    expect(intake.target.laid).toHaveLength(wire.length + 2)
    expect(new Set(intake.bodies)).toEqual(new Set([stored]))
    peer.drop()
  })
})
