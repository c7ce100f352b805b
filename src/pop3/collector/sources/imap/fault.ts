// From what goes wrong on an IMAP connection to what the collector does about it: response codes first (RFC 5530), then what the
// library and the system call it.
import { SecretError } from '../../secrets/secret-error.ts'
import { SourceError, type SourceFault } from '../../source.ts'
import { loginAdvice, shownText } from '../advice.ts'
import { UnsafeChannel } from './connection.ts'

/** What the library's errors carry; all of it came from outside. */
interface Failure {
  readonly message: string
  readonly code?: unknown
  readonly authenticationFailed?: boolean
  readonly serverResponseCode?: unknown
  readonly responseText?: unknown
  readonly response?: unknown
  readonly tlsFailed?: boolean
}

type Row = readonly [fault: SourceFault, sentence: string]

const byResponseCode: Readonly<Record<string, Row>> = {
  UNAVAILABLE: ['unavailable', 'the server has trouble'],
  SERVERBUG: ['unavailable', 'the server has trouble'],
  INUSE: ['busy', 'another session has the mailbox'],
  LIMIT: ['busy', 'the server wants to be asked less'],
  OVERQUOTA: ['busy', 'the server wants to be asked less'],
  AUTHORIZATIONFAILED: ['credentials', 'the user may not read this mailbox'],
  EXPIRED: ['credentials', 'the password has expired'],
  PRIVACYREQUIRED: [
    'configuration',
    'the server wants TLS before the password: set `tls = "stls"` or use `imaps:`',
  ],
  CONTACTADMIN: ['configuration', 'the server says that its administrator has to help'],
  NOPERM: ['configuration', 'the user may not do that'],
  NONEXISTENT: ['configuration', 'there is no such folder'],
  TRYCREATE: ['configuration', 'there is no such folder'],
}

/** Names that Node has for certificates nobody trusts, and for what is no TLS. */
const tlsCode = /CERT|SELF_SIGNED|UNABLE_TO_|^ERR_TLS|^ERR_SSL|^EPROTO$|STARTTLS_INJECTION/

const tooMuch = new Set(['LineTooLarge', 'LiteralTooLarge', 'ResponseTooLarge'])

/** What was thrown, as a `SourceError`. */
export function imapFault(error: unknown, host: string, signal: AbortSignal): SourceError {
  if (error instanceof SourceError) return error
  if (signal.aborted) return new SourceError('aborted', 'stopped', { cause: error })
  if (error instanceof SecretError) return new SourceError(error.fault, error.message, { cause: error })
  if (error instanceof UnsafeChannel) return new SourceError('configuration', unsafeSentence(error))
  const failure = error as Failure
  const [fault, sentence] = rowOf(failure, host)
  // Without the cause where the server has seen the password: it could repeat it.
  return new SourceError(fault, sentence, failure.authenticationFailed ? {} : { cause: error })
}

function unsafeSentence({ reason, message }: UnsafeChannel): string {
  return reason === 'pin'
    ? `no trust in the server: ${message}; if that is right, put it into \`pin\``
    : `${message}: use \`imaps:\` or TLS, or set \`allow_cleartext = true\` if nobody can listen`
}

function rowOf(failure: Failure, host: string): Row {
  const responseCode =
    typeof failure.serverResponseCode === 'string' ? failure.serverResponseCode.toUpperCase() : ''
  const known = Object.hasOwn(byResponseCode, responseCode) ? byResponseCode[responseCode] : undefined
  if (known) return known
  // What the library has not even asked the server.
  if (failure.authenticationFailed && failure.response === undefined)
    return ['configuration', 'the server has no way to log in that may be used here']
  if (failure.authenticationFailed) return ['credentials', `the login was refused; ${loginAdvice(host)}`]
  const code = typeof failure.code === 'string' ? failure.code : ''
  const message = shownText(said(failure), 400)
  if (failure.tlsFailed || tlsCode.test(code))
    return [
      'configuration',
      `no trust in the server: ${message}; if its certificate is right, name its authority in \`ca\` or its key in \`pin\``,
    ]
  if (tooMuch.has(code)) return ['configuration', `the server sends more than is sensible: ${message}`]
  return ['unavailable', `${host}: ${message}`]
}

function said({ message, responseText }: Failure): string {
  return typeof responseText === 'string' ? `${message}: ${responseText}` : message
}
