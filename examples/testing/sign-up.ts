// What is tested in the examples beside it: an app that mails a link and a code to whoever signs up, through the SMTP server
// it is told, and remembers the code.
import { createTransport } from 'nodemailer'

export interface SmtpServer {
  readonly host: string
  readonly port: number
}

export async function signUp(address: string, smtp: SmtpServer): Promise<string> {
  const transport = createTransport({ ...smtp, ignoreTLS: true })
  const code = String(Math.floor(Math.random() * 1_000_000)).padStart(6, '0')
  const link = `https://app.example/confirm?address=${encodeURIComponent(address)}&code=${code}`
  await transport.sendMail({
    from: 'App <hello@app.example>',
    to: address,
    subject: 'Confirm your address',
    text: `Your verification code is ${code}. Or follow ${link}.`,
    html: `<p>Your verification code is <b>${code}</b>.</p><p><a href="${link.replace('&', '&amp;')}">Confirm</a></p>`,
  })
  transport.close()
  return code
}
