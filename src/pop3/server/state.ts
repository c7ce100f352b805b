// The states of a session, RFC 1939 section 3, each with what exists only in it: there is no maildrop outside
// TRANSACTION. And what a command handler sees of its session and gives back.
import type { Authenticator } from '../../auth/authenticator.ts'
import type { Login, LoginOrigin, SecureChannel } from '../../auth/login.ts'
import type { SaslExchange } from '../../auth/sasl.ts'
import type { Account } from '../../mail/account.ts'
import type { AccountPolicy, AfterRetrieval } from '../../mail/account-policy.ts'
import type { LoginDelays } from '../../mail/login-delays.ts'
import type { ViewRules } from '../../mail/login-view.ts'
import type { MaildropStore, MessageForm } from '../../mail/maildrop-store.ts'
import type { SessionMaildrop } from '../../mail/session-maildrop.ts'
import type { Log } from '../../net/log.ts'
import type { ObservedSession, Observer } from '../../net/observer.ts'
import type { TlsServerOptions } from '../../net/tls.ts'
import type { Answer } from './answer.ts'
import type { CapabilityTexts } from './capabilities.ts'
import type { Language } from './languages/language.ts'
import type { Pop3Limits } from './limits.ts'

export { type Answer, type EndReason, positive } from './answer.ts'

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
  /** Whose messages are shown. */
  readonly folders: readonly string[]
  /** What becomes of a message that RETR has sent. */
  readonly afterRetrieval: AfterRetrieval
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

/** What the sessions of one server share. */
export interface Pop3Services {
  readonly authenticator: Authenticator
  readonly maildrops: MaildropStore
  readonly log: Log
  readonly limits: Pop3Limits
  readonly hostname: string
  readonly capabilities: CapabilityTexts
  readonly policy: AccountPolicy
  readonly loginDelays: LoginDelays
  /** Asked at each login: a configuration may be read again. */
  readonly views: () => ViewRules
  /** What `LANG *` asks for. */
  readonly preferredLanguage: Language
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
  /** What replies are in. */
  language: Language
  /** What messages are in; fixed by the login. */
  form: MessageForm
  state: SessionState
}

export type Handler<S, C> = (session: SessionContext, state: S, command: C) => Answer | Promise<Answer>
