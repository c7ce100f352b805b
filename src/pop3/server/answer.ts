// What a command handler gives back: a reply, and what it means for the session.
import type { MessageBody } from '../../net/transmission.ts'
import { ok } from '../wire/reply.ts'

export type EndReason =
  | 'quit'
  | 'update-failed'
  | 'dropped' // the peer closed or lost the connection
  | 'autologout'
  | 'drain'
  | 'killed' // by an operator
  | 'bad-commands'
  | 'login-failures'
  | 'line-too-long'
  | 'injection' // something came in clear behind STLS
  | 'proxy-header' // of the PROXY protocol, from somebody who is not believed
  | 'tls-in-clear' // TLS where clear text is spoken: a client set to the wrong port
  | 'tls-failed' // the handshake after STLS
  | 'slow-reader'
  | 'slow-writer'
  | 'fault'
  | 'closed' // the server was closed at once

export interface Answer {
  /** The status line; of a short multi-line reply everything. US-ASCII, CRLF included; octets for other text, or when used often. */
  readonly text: string | Uint8Array
  /** Pieces that follow the status line, terminator included. */
  readonly lines?: Iterable<string>
  /** A message that follows the status line. */
  readonly message?: MessageBody
  /** To be called when the message went out whole. */
  readonly onSent?: () => void
  /** Go over to TLS behind this reply. */
  readonly startTls?: true
  /** Close behind this reply. */
  readonly end?: EndReason
  /** Counts against the patience of the session. */
  readonly refused?: 'bad-command' | 'login'
}

/** A reply that is the same in every language. */
export function positive(text: string): Answer {
  return { text: ok(text) }
}
