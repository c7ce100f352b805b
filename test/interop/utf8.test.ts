// Mail with UTF-8 in its header and its addresses: Python's smtplib hands it in with SMTPUTF8, poplib takes it as it is with
// UTF8 and downgraded without; Python's email package reads the downgraded one.
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { Office } from '../e2e/office.ts'
import { itWith, runOrFail } from '../e2e/program.ts'

const program = (name: string) => resolve(import.meta.dirname, 'clients', name)
const domain = 'mail.test.example'

const message = Buffer.from(
  [
    'From: "Jürgen Müller" <jürgen@bücher.example>',
    'To: Анна <анна@mail.test.example>, bob@mail.test.example',
    'Subject: Привет, это длинная тема письма, которую придётся разбить на строки',
    'Content-Type: text/plain; charset=utf-8; name="письмо.txt"',
    'Content-Transfer-Encoding: 8bit',
    '',
    'Тело не меняется.',
    '.точка',
    '',
  ].join('\r\n'),
)

let office: Office
beforeAll(async () => {
  office = await Office.open(['анна'], { keys: `domains = ["${domain}"]` })
})
afterAll(() => office?.close())

interface Session {
  readonly octets: number
  readonly listing: readonly number[]
  readonly messages: readonly string[]
  readonly utf8: readonly string[] | null
  readonly lang: boolean
}

async function fetched(form: 'utf8' | 'plain'): Promise<{ session: Session; received: Buffer }> {
  const args = [program('poplib_utf8.py'), String(office.ports.pop3), 'анна', 'анна-secret', form]
  const session = JSON.parse((await runOrFail('python3', args)).toString()) as Session
  const [received = ''] = session.messages
  return { session, received: Buffer.from(received, 'base64') }
}

/** Prints header fields, decoded, as Python's email package understands them. */
const readFields = `
import email, email.policy, json, sys
message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
print(json.dumps({"subject": message["Subject"], "name": message.get_filename(),
                  "names": [address.display_name for address in message["To"].addresses],
                  "addresses": [address.addr_spec for address in message["To"].addresses],
                  "body": message.get_content()}))
`

describe('mail with UTF-8 in header and addresses', () => {
  itWith('python3', 'comes in by SMTPUTF8 and goes out in the form that was asked for', async () => {
    const args = [
      program('smtputf8_send.py'),
      String(office.ports.smtp),
      'jürgen@bücher.example',
      `анна@${domain}`,
    ]
    const extensions = JSON.parse(
      (await runOrFail('python3', args, { input: message })).toString(),
    ) as string[]
    expect(extensions).toContain('smtputf8')

    const whole = await fetched('utf8')
    expect(whole.session).toMatchObject({ utf8: ['USER'], lang: true })
    expect(whole.session.octets).toBe(whole.received.length)
    expect(whole.session.listing).toEqual([whole.received.length])
    expect(whole.received.subarray(-message.length).equals(message)).toBe(true)
    expect(whole.received.toString()).toMatch(/^Return-Path: <jürgen@bücher\.example>\r\nDelivered-To: анна@/)
    expect(whole.received.toString()).toContain('with UTF8SMTP ')

    const ascii = await fetched('plain')
    expect(ascii.session.octets).toBe(ascii.received.length)
    expect(ascii.session.listing).toEqual([ascii.received.length])
    const headerEnd = ascii.received.indexOf('\r\n\r\n')
    expect(ascii.received.toString('latin1', 0, headerEnd)).toMatch(/^[\t\r\n\x20-\x7e]+$/)
    expect(ascii.received.subarray(headerEnd).equals(message.subarray(message.indexOf('\r\n\r\n')))).toBe(
      true,
    )

    const output = await runOrFail('python3', ['-c', readFields], { input: ascii.received })
    expect(JSON.parse(output.toString())).toMatchObject({
      subject: 'Привет, это длинная тема письма, которую придётся разбить на строки',
      name: 'письмо.txt',
      addresses: ['bob@mail.test.example'],
    })
  })
})
