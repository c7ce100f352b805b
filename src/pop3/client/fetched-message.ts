// A message as an iteration over messages hands it out.
import type { Pop3Error } from './errors.ts'
import type { Message } from './message.ts'
import type { MessageBody } from './message-body.ts'
import type { MessageRef } from './message-ref.ts'

/** What a message asks of its session. */
export interface MessageOperations {
  readonly markDeleted: (ref: MessageRef) => void
  readonly leave: () => Promise<void>
}

export class FetchedMessage implements Message {
  readonly ref: MessageRef
  readonly body: MessageBody
  readonly error: Pop3Error | undefined
  /** A function of its own, so that it can be taken out of the message. */
  readonly markDeleted: () => void
  readonly #operations: MessageOperations

  constructor(
    ref: MessageRef,
    { body, error }: Pick<Message, 'body' | 'error'>,
    operations: MessageOperations,
  ) {
    this.ref = ref
    this.body = body
    this.error = error
    this.markDeleted = () => operations.markDeleted(ref)
    this.#operations = operations
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#operations.leave()
  }
}
