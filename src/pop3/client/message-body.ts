// The octets of one message as they come: pulled, never pushed, so that a slow reader makes the server wait. Dots are
// unstuffed; nothing else is changed.
import { Readable } from 'node:stream'
import { DotUnstuffer } from '../../net/dot-stuffing.ts'
import type { Conversation } from './conversation.ts'
import { Pop3Error } from './errors.ts'

export class MessageBody implements AsyncIterable<Uint8Array> {
  readonly #conversation: Conversation
  readonly #signal: AbortSignal | undefined
  readonly #unstuffer = new DotUnstuffer()
  /** Unstuffed, and not handed out yet. */
  #pieces: Uint8Array[] = []
  readonly #error: Pop3Error | undefined
  #octets = 0
  #isWhole = false
  #isTaken = false

  /** With an error there is nothing to read: reading throws it. */
  constructor(conversation: Conversation, signal: AbortSignal | undefined, error: Pop3Error | undefined) {
    this.#conversation = conversation
    this.#signal = signal
    this.#error = error
  }

  /** Octets read so far; when it is whole, the size of the message. */
  get octets(): number {
    return this.#octets
  }

  /** The final dot was read. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  /** Lines of the message ended with a bare LF at its end: with such a server, what was read may be a part only. */
  get endedBare(): boolean {
    return this.#unstuffer.endedBare
  }

  /** Once. Throws `timeout`, `connection-lost`, `limit-exceeded`, `aborted`. Views: they may share memory with each other. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    this.#take()
    while (!this.#isWhole || this.#pieces.length > 0) {
      const pieces = this.#pieces
      this.#pieces = []
      yield* pieces
      if (!this.#isWhole && !this.#readOn()) await this.#arrival()
    }
  }

  /** All of it. Throws `limit-exceeded` beyond `max` octets; the connection is closed then. */
  async bytes({ max = Number.POSITIVE_INFINITY }: { readonly max?: number } = {}): Promise<Uint8Array> {
    this.#take()
    while (!this.#isWhole) {
      if (!this.#readOn()) await this.#arrival()
      if (this.#octets > max) throw this.#tooLarge(max)
    }
    const pieces = this.#pieces
    this.#pieces = []
    return Buffer.concat(pieces)
  }

  toNodeStream(): Readable {
    return Readable.from(this, { objectMode: false })
  }

  toWebStream(): ReadableStream<Uint8Array> {
    const iterator = this[Symbol.asyncIterator]()
    return new ReadableStream({
      async pull(controller) {
        const { done, value } = await iterator.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await iterator.return()
      },
    })
  }

  /** Reads what is left and throws it away; the connection is closed when that is more than `max` octets. */
  async drain(max: number): Promise<void> {
    this.#isTaken = true
    const from = this.#octets
    this.#pieces = []
    while (!this.#isWhole) {
      if (!this.#readOn()) await this.#arrival()
      this.#pieces = []
      if (this.#octets - from > max) throw this.#tooLarge(max)
    }
  }

  #take(): void {
    if (this.#error) throw this.#error
    if (this.#isTaken) throw new Pop3Error('closed', 'the body is read already', { phase: 'transaction' })
    this.#isTaken = true
  }

  #arrival(): Promise<void> {
    const { channel, timeouts } = this.#conversation
    return channel.more(timeouts.stall, this.#signal)
  }

  /** Unstuffs a chunk that has come in; false when there is none. */
  #readOn(): boolean {
    const { channel, limits } = this.#conversation
    const chunk = channel.takeChunk()
    if (!chunk) return false
    const end = this.#unstuffer.unstuff(chunk, piece => {
      if (piece.length === 0) return
      this.#octets += piece.length
      this.#pieces.push(piece)
    })
    if (this.#octets > limits.message) throw this.#tooLarge(limits.message)
    if (end < 0) return true
    this.#isWhole = true
    channel.putBack(chunk.subarray(end))
    return true
  }

  #tooLarge(max: number): Pop3Error {
    return this.#conversation.channel.fail('limit-exceeded', `a message of more than ${max} octets`)
  }
}
