// A message under way, and the orders to fetch several.
import type { Pop3Error } from './errors.ts'
import type { MessageBody } from './message-body.ts'
import type { MessageRef } from './message-ref.ts'

export interface OperationOptions {
  /** Aborting closes the connection: POP3 has no other way to stop an answer. */
  readonly signal?: AbortSignal
}

export interface RetrieveOptions extends OperationOptions {
  /** Messages asked for ahead. Default 256, and 1 where the server has no PIPELINING. */
  readonly window?: number
  /** Octets asked for ahead, by what LIST says. Default 4 MiB. */
  readonly windowBytes?: number
}

export interface HeadersOptions extends RetrieveOptions {
  /** Of the body; default 0. */
  readonly lines?: number
}

/** Leaving its scope reads what was left of the body. */
export interface Message extends AsyncDisposable {
  readonly ref: MessageRef
  /** Of a message that the server refused, reading throws what `error` is. */
  readonly body: MessageBody
  /** Why there is no body: it was expunged meanwhile, for instance. Others are not affected. */
  readonly error: Pop3Error | undefined
  markDeleted(): void
}

export interface CommitOutcome {
  /** Messages that the server has agreed to delete. */
  readonly deleted: number
  /** Those it has not. */
  readonly refused: readonly MessageRef[]
  /** `unknown`: the server did not answer QUIT, or not well; the next session will show. */
  readonly state: 'committed' | 'unknown'
}
