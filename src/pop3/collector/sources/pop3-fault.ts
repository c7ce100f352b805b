// From what the POP3 client throws to what the collector does about it, and to a sentence for the owner of the mailbox.
import { Pop3Error, type Pop3ErrorCode } from '../../client/index.ts'
import { SecretError } from '../secrets/secret-error.ts'
import { SourceError, type SourceFault } from '../source.ts'
import { loginAdvice, shownText } from './advice.ts'

type Row = readonly [fault: SourceFault, sentence: (said: string, error: Pop3Error, host: string) => string]

const because = (said: string) => (said === '' ? '' : `: ${said}`)

const rows: Readonly<Record<Pop3ErrorCode, Row>> = {
  'connect-failed': ['unavailable', (_, { message }) => message],
  'tls-failed': [
    'configuration',
    (_, { message }) =>
      `no trust in the server: ${message}; if its certificate is right, name its authority in \`ca\` or its key in \`pin\``,
  ],
  'stls-injection': [
    'configuration',
    () => 'something was put into the connection before TLS began: somebody may be listening on the way',
  ],
  'not-pop3': ['configuration', (_, { message }) => `${message}; check the port and \`tls\``],
  protocol: ['unavailable', (_, { message }) => `the server cannot be understood: ${message}`],
  'cleartext-refused': [
    'configuration',
    () =>
      'the password would travel in clear: use `pop3s:` or TLS, or set `allow_cleartext = true` if nobody can listen',
  ],
  'no-mechanism': ['configuration', (_, { message }) => message],
  'login-refused': [
    'credentials',
    (said, { tokenOctets }, host) =>
      `the login was refused${because(said)}; ${loginAdvice(host)}${tokenOctets ? ` (the token has ${tokenOctets} octets)` : ''}`,
  ],
  'maildrop-in-use': ['busy', said => `another session has the mailbox${because(said)}`],
  'login-delay': ['busy', said => `the last login was too short a while ago${because(said)}`],
  'rate-limited': ['busy', said => `the server wants to be asked less${because(said)}`],
  'server-unavailable': ['unavailable', said => `the server has trouble${because(said)}`],
  'server-fault': [
    'configuration',
    said => `the server says that somebody has to mend something there${because(said)}`,
  ],
  refused: [
    'unavailable',
    (said, { message }) => (said === '' ? message : `the server refused${because(said)}`),
  ],
  timeout: ['unavailable', (_, { message }) => message],
  aborted: ['aborted', () => 'stopped'],
  'connection-lost': ['unavailable', (_, { message }) => message],
  'limit-exceeded': [
    'configuration',
    (_, { message }) => `the server sends more than is sensible: ${message}`,
  ],
  'bad-argument': ['configuration', (_, { message }) => message],
  busy: ['unavailable', (_, { message }) => message],
  closed: ['unavailable', (_, { message }) => message],
}

/** Refusals of one message: whatever the server thinks the reason is, others may be had. */
const ofOneMessage: ReadonlySet<Pop3ErrorCode> = new Set([
  'refused',
  'server-unavailable',
  'server-fault',
  'limit-exceeded',
])

/** What was thrown, as a `SourceError`; what is none of the client's comes back as it is. */
export function pop3Fault(error: unknown, host: string): Error {
  if (error instanceof SecretError) return new SourceError(error.fault, error.message, { cause: error })
  if (!(error instanceof Pop3Error))
    return error instanceof Error
      ? error
      : new Error('something that is no error was thrown', { cause: error })
  const [fault, sentence] = rows[error.code]
  const text = shownText(sentence(shownText(error.serverText ?? ''), error, host), 600)
  return new SourceError(fault, text, { cause: error, notBefore: error.notBefore })
}

/** The same of an answer to RETR or TOP, and of the body behind it. */
export function pop3MessageFault(error: unknown, host: string): Error {
  if (!(error instanceof Pop3Error) || !ofOneMessage.has(error.code)) return pop3Fault(error, host)
  const said = error.code === 'limit-exceeded' ? error.message : shownText(error.serverText ?? '')
  return new SourceError('message', `the server does not hand it out${because(said)}`, { cause: error })
}
