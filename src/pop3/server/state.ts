// The states of a session, RFC 1939 section 3, each with what exists only in it: there is no maildrop outside
// TRANSACTION. And what a command handler sees of its session and gives back.
import type { Authenticator } from '../../auth/authenticator.ts'
import type { Account } from '../../mail/account.ts'
import type { MaildropStore, MessageOctets } from '../../mail/maildrop-store.ts'
import type { Octets } from '../../mail/octets.ts'
import type { Log } from '../../net/log.ts'
import { err, ok } from '../wire/reply.ts'
import type { Pop3Limits } from './limits.ts'
import type { SessionMaildrop } from './maildrop.ts'

export interface AuthorizationState {
  readonly kind: 'authorization'
  /** What USER named, until a PASS has used it. */
  readonly user: string | undefined
}

export interface TransactionState {
  readonly kind: 'transaction'
  readonly account: Account
  readonly maildrop: SessionMaildrop
}

/** Deleting what was marked; nothing can stop it any more. */
export interface UpdateState {
  readonly kind: 'update'
}

export interface EndedState {
  readonly kind: 'ended'
}

export type SessionState = AuthorizationState | TransactionState | UpdateState | EndedState
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
  | 'slow-reader'
  | 'fault'
  | 'closed' // the server was closed at once

/** What the sessions of one server share. */
export interface Pop3Services {
  readonly authenticator: Authenticator
  readonly maildrops: MaildropStore
  readonly log: Log
  readonly limits: Pop3Limits
  readonly texts: { readonly greeting: string; readonly capabilities: string; readonly help: string }
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
export interface SessionContext {
  readonly id: string
  readonly peer: string
  readonly services: Pop3Services
  readonly counts: SessionCounts
  /** The account's name once someone has logged in. */
  user: string | undefined
  state: SessionState
}

/** A message body as RETR and TOP send it. */
export interface MessageBody extends Pick<MessageOctets, 'dotLines'> {
  readonly body: Octets
  /** What `body` must yield in all; undefined when only its part is wanted. */
  readonly octets: number | undefined
}

/** What a handler gives back: a reply, and what it means for the session. */
export interface Answer {
  /** The status line; of a short multi-line reply everything. US-ASCII, CRLF included; octets when used often. */
  readonly text: string | Uint8Array
  /** Pieces that follow the status line, terminator included. */
  readonly lines?: Iterable<string>
  /** A message that follows the status line. */
  readonly message?: MessageBody
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
