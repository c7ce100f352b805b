// nodemailer, a client of its own make, hands mail in by SMTP and LMTP.
import nodemailer from 'nodemailer'
import { afterEach, describe, expect, it } from 'vitest'
import { closeIntakes, TestIntake } from './session.ts'

afterEach(closeIntakes)

describe.each([
  ['smtp', false],
  ['lmtp', true],
] as const)('nodemailer over %s', (protocol, lmtp) => {
  it('delivers many messages over few connections', async () => {
    const intake = await TestIntake.start(protocol)
    const transport = nodemailer.createTransport({
      ...{ host: '127.0.0.1', port: intake.port, lmtp, pool: true, maxConnections: 3, ignoreTLS: true },
    })
    const texts = Array.from({ length: 30 }, (_, n) => `.${n}\r\n..\r\n.\r\n${'line\r\n'.repeat(n * 100)}`)
    await Promise.all(
      texts.map(text =>
        transport.sendMail({ from: 'x@y.example', to: 'ann@example.org', subject: 'Grüße', text }),
      ),
    )
    transport.close()
    const bodies = intake.bodies.map(body => body.slice(body.indexOf('\r\n\r\n') + 4))
    expect(bodies.sort()).toEqual(texts.map(text => `${text.trimEnd()}\r\n`).sort())
  })

  it('is told which recipients were refused, and an address in UTF-8 comes through', async () => {
    const intake = await TestIntake.start(protocol)
    const transport = nodemailer.createTransport({
      host: '127.0.0.1',
      port: intake.port,
      lmtp,
      ignoreTLS: true,
    })
    const sent = (await transport.sendMail({
      envelope: { from: 'jürgen@bücher.example', to: ['ann', 'nobody@example.org', 'bob+x@example.org'] },
      raw: 'Subject: x\r\n\r\nbody\r\n',
    })) as { accepted: string[]; rejected: string[] }
    transport.close()
    expect(sent.rejected).toEqual(['nobody@example.org'])
    expect(intake.target.laid[0]?.copies.map(({ account }) => account.name)).toEqual(['ann', 'bob'])
    expect(Buffer.from(intake.target.laid[0]?.copies[0]?.trace ?? []).toString()).toContain(
      'Return-Path: <jürgen@bücher.example>',
    )
  })

  it('is refused a message that is too large', async () => {
    const intake = await TestIntake.start(protocol, { maxOctets: 1_000 })
    const transport = nodemailer.createTransport({
      host: '127.0.0.1',
      port: intake.port,
      lmtp,
      ignoreTLS: true,
    })
    // By LMTP it resolves, and tells the refusal of each recipient.
    const outcome: unknown = await transport
      .sendMail({ envelope: { from: '', to: ['ann'] }, raw: 'x'.repeat(2_000) })
      .catch((error: unknown) => error)
    expect(outcome).toMatchObject({ response: expect.stringMatching(/^552 5\.3\.4 /) as unknown })
    transport.close()
  })
})
