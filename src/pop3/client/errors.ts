// What can go wrong for a client, as one class: what it was, when, what the server said, and whether trying again helps.
// No secret is ever in it.
import type { ResponseCode } from './reply.ts'

export type Pop3ErrorCode =
  | 'connect-failed' // no TCP connection, or none through the proxy
  | 'tls-failed' // no TLS, or a certificate that is not trusted
  | 'stls-injection' // something came in clear behind the answer to STLS
  | 'not-pop3' // another protocol answers there
  | 'protocol' // an answer that no client can understand
  | 'cleartext-refused' // a password would have gone out in clear
  | 'no-mechanism' // none that both sides know
  | 'login-refused' // wrong name, password or token
  | 'maildrop-in-use' // another session has it
  | 'login-delay' // the last login was a short while ago
  | 'rate-limited' // too much was asked for, in words that no standard has
  | 'server-unavailable' // [SYS/TEMP]: try again later
  | 'server-fault' // [SYS/PERM]: somebody has to mend something there
  | 'refused' // any other -ERR
  | 'timeout'
  | 'aborted' // by the caller's signal
  | 'connection-lost'
  | 'limit-exceeded' // of octets that are accepted
  | 'bad-argument' // CR, LF or NUL, or what cannot be sent
  | 'busy' // an iteration over messages is under way: leave it first
  | 'closed' // the session has ended

export type Phase = 'connect' | 'greeting' | 'tls' | 'login' | 'transaction' | 'update'

/** `now`: at once; `later`: not before `notBefore`, if there is one; `never`: as long as nobody changes anything. */
export type Retry = 'now' | 'later' | 'never'

export interface Pop3ErrorFacts {
  readonly phase: Phase
  readonly responseCode?: ResponseCode | undefined
  /** What the server said behind its status, without what could be a secret. */
  readonly serverText?: string | undefined
  readonly notBefore?: Date | undefined
  readonly tokenOctets?: number | undefined
  readonly cause?: unknown
}

export class Pop3Error extends Error {
  override readonly name = 'Pop3Error'
  readonly code: Pop3ErrorCode
  readonly phase: Phase
  /** In upper case, RFC 2449 section 8: `IN-USE`, `LOGIN-DELAY`, `SYS/TEMP`, `SYS/PERM`, `AUTH`, `UTF8`. */
  readonly responseCode: ResponseCode | undefined
  readonly serverText: string | undefined
  readonly retry: Retry
  readonly notBefore: Date | undefined
  /** How long the token was that the server refused: some servers take no long ones, and do not say so. */
  readonly tokenOctets: number | undefined

  constructor(code: Pop3ErrorCode, message: string, facts: Pop3ErrorFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.code = code
    this.phase = facts.phase
    this.responseCode = facts.responseCode
    this.serverText = facts.serverText
    this.retry = retries[code]
    this.notBefore = facts.notBefore
    this.tokenOctets = facts.tokenOctets
  }
}

const retries: Readonly<Record<Pop3ErrorCode, Retry>> = {
  'connect-failed': 'later',
  'tls-failed': 'never',
  'stls-injection': 'never',
  'not-pop3': 'never',
  protocol: 'later',
  'cleartext-refused': 'never',
  'no-mechanism': 'never',
  'login-refused': 'never',
  'maildrop-in-use': 'later',
  'login-delay': 'later',
  'rate-limited': 'later',
  'server-unavailable': 'later',
  'server-fault': 'never',
  refused: 'later',
  timeout: 'later',
  aborted: 'now',
  'connection-lost': 'later',
  'limit-exceeded': 'never',
  'bad-argument': 'never',
  busy: 'now',
  closed: 'now',
}
