// From what an SMTP or LMTP server answers, and from what goes wrong on the way to it, to a fault of the destination. Codes of
// RFC 5321 section 4.2 and RFC 3463; what a server says is shown cut and cleaned, and not at all where it could repeat a
// password.
import { DialError } from '../../../net/dialer.ts'
import { isTlsCode } from '../../../net/tls/trust.ts'
import { DestinationError, type DestinationFault } from '../destination.ts'
import { shownText } from '../sources/advice.ts'

/** What nodemailer throws, as far as it matters here. */
interface SmtpFailure {
  readonly message: string
  readonly code?: string
  readonly originalCode?: string
  readonly response?: string
  readonly responseCode?: number
  readonly command?: string
}

/** The first row that matches decides. RFC 3463 sections 3.2 to 3.8 name the second column. */
const replies: readonly {
  readonly command?: RegExp
  readonly reply: RegExp
  readonly fault: DestinationFault
}[] = [
  { command: /^AUTH/, reply: /^4/, fault: 'unavailable' },
  { command: /^AUTH/, reply: /^/, fault: 'configuration' },
  // Mailbox full, system full; those who know no enhanced codes mean the same by 452 and 552.
  { reply: /^[45]\d\d[ -][45]\.(?:2\.2|3\.1)\b/, fault: 'full' },
  { reply: /^(?:452|552)[ -](?![45]\.\d)/, fault: 'full' },
  { reply: /^4/, fault: 'unavailable' },
  // Authentication or TLS is asked for.
  { reply: /^53[048]/, fault: 'configuration' },
  { command: /^(?:CONN|EHLO|LHLO|HELO|STARTTLS)$/, reply: /^5/, fault: 'configuration' },
  // The recipient is the same for every message; policies (5.7) and contents (5.6) are not.
  { command: /^(?:RCPT TO|DATA)$/, reply: /^5\d\d[ -]5\.[12]\./, fault: 'configuration' },
  { command: /^RCPT TO$/, reply: /^5\d\d[ -](?!5\.\d)/, fault: 'configuration' },
  { reply: /^5/, fault: 'message' },
]

const failures: Readonly<Record<string, DestinationFault>> = {
  EAUTH: 'configuration',
  ETLS: 'configuration',
  EENVELOPE: 'configuration',
  // Larger than the server has said it takes.
  EMESSAGE: 'message',
}

/** `where` names the server. What is a `DestinationError` already stays as it is. */
export function smtpFault(error: unknown, where: string): DestinationError {
  if (error instanceof DestinationError) return error
  if (error instanceof DialError)
    return new DestinationError(error.step === 'tls' ? 'configuration' : 'unavailable', error.message, {
      cause: error,
    })
  const { message, code = '', originalCode = '', response, command = '' } = error as SmtpFailure
  if (response === undefined)
    return new DestinationError(
      isTlsCode(originalCode) ? 'configuration' : (failures[code] ?? 'unavailable'),
      `${where}: ${shownText(message)}`,
      {
        cause: error,
      },
    )
  const row = replies.find(row => (row.command?.test(command) ?? true) && row.reply.test(response))
  if (command.startsWith('AUTH')) {
    // Without its cause: the server may have sent the password back.
    const shownCode = /^\d{3}(?:[ -]\d\.\d{1,3}\.\d{1,3})?/.exec(response)?.[0] ?? 'no code'
    return new DestinationError(row?.fault ?? 'configuration', `${where} refuses the login (${shownCode})`)
  }
  return new DestinationError(row?.fault ?? 'unavailable', `${where} says: ${shownText(response)}`, {
    cause: error,
  })
}
