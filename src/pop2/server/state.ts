// The states of a POP2 session, RFC 937: AUTH, MBOX, ITEM, NEXT, each with what exists only in it. And what a command handler
// sees of its session and gives back.
import type { Authenticator } from '../../auth/authenticator.ts'
import type { Login, LoginOrigin } from '../../auth/login.ts'
import type { AccountPolicy } from '../../mail/account-policy.ts'
import type { LoginDelays } from '../../mail/login-delays.ts'
import type { SessionView, ViewRules } from '../../mail/login-view.ts'
import type { MaildropStore } from '../../mail/maildrop-store.ts'
import type { SessionMaildrop } from '../../mail/session-maildrop.ts'
import type { Log } from '../../net/log.ts'
import type { ObservedSession, Observer } from '../../net/observer.ts'
import type { MessageBody } from '../../net/transmission.ts'
import { err } from '../wire/reply.ts'
import type { Pop2Limits } from './limits.ts'

export interface AuthState {
  readonly kind: 'AUTH'
}

/** What every state behind HELO has. */
interface Reading {
  readonly login: Login
  /** What the login sees. */
  readonly view: SessionView
  /** Undefined once FOLD named a mailbox that does not exist. */
  readonly maildrop: SessionMaildrop | undefined
  /** The current message, 1 the first; it may lie behind the last. */
  readonly current: number
}

export interface MboxState extends Reading {
  readonly kind: 'MBOX'
}

/** READ or an acknowledgement has told how many octets RETR would send. */
export interface ItemState extends Reading {
  readonly kind: 'ITEM'
}

/** A message went out and waits to be acknowledged. */
export interface NextState extends Reading {
  readonly kind: 'NEXT'
}

/** Deleting what was marked; nothing can stop it any more. */
export interface UpdateState {
  readonly kind: 'update'
}

export interface EndedState {
  readonly kind: 'ended'
}

/** The states that take commands. */
export type CommandState = AuthState | MboxState | ItemState | NextState
export type ReadingState = MboxState | ItemState | NextState
export type SessionState = CommandState | UpdateState | EndedState

export type EndReason =
  | 'quit'
  | 'update-failed'
  | 'dropped' // the peer closed or lost the connection
  | 'autologout'
  | 'drain'
  | 'bad-command'
  | 'login-failed'
  | 'refused' // the maildrop could not be opened or read
  | 'line-too-long'
  | 'slow-reader'
  | 'slow-writer'
  | 'fault'
  | 'killed' // by an operator
  | 'closed' // the server was closed at once

/** What the sessions of one server share. */
export interface Pop2Services {
  readonly authenticator: Authenticator
  readonly maildrops: MaildropStore
  readonly policy: AccountPolicy
  /** Asked at each login: a configuration may be read again. */
  readonly views: () => ViewRules
  readonly loginDelays: LoginDelays
  readonly log: Log
  readonly limits: Pop2Limits
  readonly hostname: string
  /** Whether a peer of this address may log in: POP2 has no TLS. */
  readonly mayLogIn: (peer: string) => boolean
  /** What observers know the server by. */
  readonly service: string
  readonly observer: Observer | undefined
}

/** For the summary line. */
export interface SessionCounts {
  commands: number
  loginFailures: number
  retrieved: number
  deleted: number
}

/** What a command handler sees of its session. */
export interface SessionContext extends ObservedSession {
  readonly services: Pop2Services
  readonly counts: SessionCounts
  readonly origin: LoginOrigin
  /** Nobody waits for more than what is under way. */
  readonly isEnding: boolean
  /** The account's name once someone has logged in. */
  user: string | undefined
  state: SessionState
}

/** What a handler gives back: a reply, and what it means for the session. */
export interface Answer {
  /** US-ASCII, CRLF included. */
  readonly text: string
  /** A message that is sent behind, or in place of, the text. */
  readonly message?: MessageBody
  /** Close behind this reply. */
  readonly end?: EndReason
}

export type Handler<S, C> = (session: SessionContext, state: S, command: C) => Answer | Promise<Answer>

/** RFC 937: an error closes the connection. */
export function failure(text: string, end: EndReason): Answer {
  return { text: err(text), end }
}
