// The states of a session, RFC 1939 section 3, each with what exists only in it: there is no maildrop outside
// TRANSACTION. And what a command handler sees of its session and gives back.
import type { Authenticator } from '../../auth/authenticator.ts'
import type { Login, LoginOrigin, SecureChannel } from '../../auth/login.ts'
import type { SaslExchange } from '../../auth/sasl.ts'
import type { Account } from '../../mail/account.ts'
import type { MaildropStore } from '../../mail/maildrop-store.ts'
import type { SessionMaildrop } from '../../mail/session-maildrop.ts'
import type { Log } from '../../net/log.ts'
import type { ObservedSession, Observer } from '../../net/observer.ts'
import type { TlsServerOptions } from '../../net/tls.ts'
import type { MessageBody } from '../../net/transmission.ts'
import { err, ok } from '../wire/reply.ts'
import type { CapabilityTexts } from './capabilities.ts'
import type { Pop3Limits } from './limits.ts'

export interface AuthorizationState {
  readonly kind: 'authorization'
  /** What USER named, until a PASS has used it. */
  readonly user: string | undefined
}

/** In AUTHORIZATION still, but the next line is a response and no command. RFC 5034 section 4. */
export interface AuthenticatingState {
  readonly kind: 'authenticating'
  readonly mechanism: string
  readonly exchange: SaslExchange
  /** Set once nothing is missing but the client's answer to the mechanism's last words. */
  readonly granted?: Granted
}

export interface Granted {
  readonly login: Login
  /** By `performance.now()`. */
  readonly atMs: number
}

export interface TransactionState {
  readonly kind: 'transaction'
  readonly account: Account
  readonly maildrop: SessionMaildrop
  /** The login does not allow to delete. */
  readonly readOnly: boolean
}

/** Deleting what was marked; nothing can stop it any more. */
export interface UpdateState {
  readonly kind: 'update'
}

export interface EndedState {
  readonly kind: 'ended'
}

export type SessionState =
  | AuthorizationState
  | AuthenticatingState
  | TransactionState
  | UpdateState
  | EndedState
/** The states that take commands. */
export type CommandState = AuthorizationState | TransactionState

export type EndReason =
  | 'quit'
  | 'update-failed'
  | 'dropped' // the peer closed or lost the connection
  | 'autologout'
  | 'drain'
  | 'bad-commands'
  | 'login-failures'
  | 'line-too-long'
  | 'injection' // something came in clear behind STLS
  | 'tls-in-clear' // TLS where clear text is spoken: a client set to the wrong port
  | 'tls-failed' // the handshake after STLS
  | 'slow-reader'
  | 'fault'
  | 'closed' // the server was closed at once
  | 'killed' // by an operator

/** What the sessions of one server share. */
export interface Pop3Services {
  readonly authenticator: Authenticator
  readonly maildrops: MaildropStore
  readonly log: Log
  readonly limits: Pop3Limits
  readonly hostname: string
  readonly capabilities: CapabilityTexts
  /** For STLS; without it there is no STLS. */
  readonly tls: TlsServerOptions | undefined
  /** Whether a peer of this address may log in without TLS. */
  readonly mayLogInClear: (peer: string) => boolean
  /** Every login is logged as what it is: a device that knows no better. */
  readonly isForOldDevices: boolean
  /** What observers know the listener by. */
  readonly service: string
  readonly observer: Observer | undefined
}

/** For the summary line. */
export interface SessionCounts {
  commands: number
  badCommands: number
  loginFailures: number
  retrieved: number
  deleted: number
}

/** What a command handler sees of its session. */
export interface SessionContext extends ObservedSession {
  readonly services: Pop3Services
  readonly counts: SessionCounts
  /** Undefined in clear. */
  readonly channel: SecureChannel | undefined
  readonly origin: LoginOrigin
  /** Whether the channel is good enough for a login. */
  readonly mayLogIn: boolean
  /** What the greeting offered for APOP, RFC 1939 section 7; undefined when it offered none. */
  readonly timestamp: string | undefined
  /** The account's name once someone has logged in. */
  user: string | undefined
  /** How that was; `PASS`, `APOP`, or a mechanism of AUTH. */
  mechanism: string | undefined
  state: SessionState
}

/** What a handler gives back: a reply, and what it means for the session. */
export interface Answer {
  /** The status line; of a short multi-line reply everything. US-ASCII, CRLF included; octets when used often. */
  readonly text: string | Uint8Array
  /** Pieces that follow the status line, terminator included. */
  readonly lines?: Iterable<string>
  /** A message that follows the status line. */
  readonly message?: MessageBody
  /** Go over to TLS behind this reply. */
  readonly startTls?: true
  /** Close behind this reply. */
  readonly end?: EndReason
  /** Counts against the patience of the session. */
  readonly refused?: 'bad-command' | 'login'
}

export type Handler<S, C> = (session: SessionContext, state: S, command: C) => Answer | Promise<Answer>

export function positive(text: string): Answer {
  return { text: ok(text) }
}

export function badCommand(text: string): Answer {
  return { text: err(text), refused: 'bad-command' }
}
