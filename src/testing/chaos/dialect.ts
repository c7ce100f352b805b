// What tells POP3 from SMTP and LMTP for whoever stands between client and server: RFC 1939 section 3, RFC 5321 section 4.2,
// RFC 2033.
import { type ChaosProtocol, type Exchange, endOfData } from './exchange.ts'

export interface Dialect {
  readonly protocol: ChaosProtocol
  /** Another line of the same status follows. */
  isContinued(line: string): boolean
  /** Lines follow a status. */
  hasBody(exchange: Exchange, status: string): boolean
  isChallenge(status: string): boolean
  /** The server has said its last words. */
  isFarewell(exchange: Exchange, status: string): boolean
  /** TLS begins behind this status. */
  startsTls(exchange: Exchange, status: string): boolean
  /** A message follows from the client. */
  asksForMessage(exchange: Exchange, status: string): boolean
  /** Whom a command claims to be, AUTH aside. */
  claimedBy(verb: string, argument: string): string | undefined
  /** For clients that are one too many. */
  readonly refusal: string
  /** Registered with IANA for ALPN, or what would be. */
  readonly alpn: string
}

const alwaysLong: ReadonlySet<string> = new Set(['RETR', 'TOP', 'CAPA'])
const longWithoutArgument: ReadonlySet<string> = new Set(['LIST', 'UIDL', 'AUTH', 'LANG'])

const pop3: Dialect = {
  protocol: 'pop3',
  isContinued: () => false,
  hasBody: ({ verb, argument }, status) =>
    status.startsWith('+OK') && (alwaysLong.has(verb) || (longWithoutArgument.has(verb) && argument === '')),
  isChallenge: status => status.startsWith('+') && !status.startsWith('+OK'),
  isFarewell: ({ verb }, status) => verb === 'QUIT' && status.startsWith('+OK'),
  startsTls: ({ verb }, status) => verb === 'STLS' && status.startsWith('+OK'),
  asksForMessage: () => false,
  claimedBy: (verb, argument) =>
    verb === 'USER' ? argument : verb === 'APOP' ? argument.split(' ', 1)[0] : undefined,
  refusal: '-ERR [SYS/TEMP] too many connections\r\n',
  alpn: 'pop3',
}

const smtp: Dialect = {
  protocol: 'smtp',
  isContinued: line => line[3] === '-',
  hasBody: () => false,
  isChallenge: status => status.startsWith('334'),
  isFarewell: (_exchange, status) => status.startsWith('221') || status.startsWith('421'),
  startsTls: ({ verb }, status) => verb === 'STARTTLS' && status.startsWith('220'),
  asksForMessage: ({ verb }, status) => verb !== endOfData && status.startsWith('354'),
  claimedBy: () => undefined,
  refusal: '421 4.7.0 too many connections\r\n',
  alpn: 'smtp',
}

const lmtp: Dialect = { ...smtp, protocol: 'lmtp' }

export const dialects: Readonly<Record<ChaosProtocol, Dialect>> = { pop3, smtp, lmtp }

/** A line of the client, with or without its end. */
export function readCommand(text: string, user: string | undefined, dialect: Dialect): Exchange {
  const line = text.replace(/\r?\n$/, '')
  const [, word = '', argument = ''] = /^(\S*) ?(.*)$/s.exec(line) ?? []
  const verb = word.toUpperCase()
  const { protocol } = dialect
  return { protocol, verb, argument, user: dialect.claimedBy(verb, argument) ?? user }
}
