// The octets of one message as they come: pulled, never pushed, so that a slow reader makes the server wait. Dots are
// unstuffed; nothing else is changed.
import { Readable } from 'node:stream'
import { DotUnstuffer } from '../../net/dot-stuffing.ts'
import type { Conversation } from './conversation.ts'
import { Pop3Error } from './errors.ts'
import type { SwallowedStatus } from './swallowed-status.ts'
import type { TopFilter } from './top-filter.ts'

const end: IteratorReturnResult<undefined> = { done: true, value: undefined }
const where = { phase: 'transaction' } as const

/** Of a status line, and of a blank line. */
const beginnings: readonly (number | undefined)[] = Array.from(Buffer.from('+-\r\n'))

export interface MessageBodyOptions {
  readonly signal: AbortSignal | undefined
  /** There is nothing to read: reading throws this. */
  readonly error: Pop3Error | undefined
  /** Of an answer to TOP. */
  readonly filter?: TopFilter | undefined
  /** Looks for the end that is missing, where other answers are due. */
  readonly swallowed?: SwallowedStatus | undefined
  /** Called when the final dot was read. */
  readonly whenWhole?: ((octets: number) => void) | undefined
}

export class MessageBody implements AsyncIterable<Uint8Array> {
  readonly #conversation: Conversation
  readonly #options: MessageBodyOptions
  readonly #unstuffer = new DotUnstuffer()
  /** Unstuffed, and not handed out yet. */
  #pieces: Buffer[] = []
  #octets = 0
  #isWhole = false
  #isTaken = false
  #isForsaken = false
  /** The first octets, as long as they could be an error that came too late. */
  #beginning: Buffer | undefined

  constructor(conversation: Conversation, options: MessageBodyOptions) {
    this.#conversation = conversation
    this.#options = options
  }

  /** Octets read so far; when it is whole, the size of the message. */
  get octets(): number {
    return this.#octets
  }

  /** The final dot was read. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  /** All that came was handed out. */
  get isEmpty(): boolean {
    return this.#pieces.length === 0
  }

  /** Lines of the message ended with a bare LF at its end: with such a server, what was read may be a part only. */
  get endedBare(): boolean {
    return this.#unstuffer.endedBare
  }

  /** Once. Throws `timeout`, `connection-lost`, `limit-exceeded`, `aborted`. Views: they may share memory with each other. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array, undefined> {
    this.#take()
    let isLeft = false
    const iterator: AsyncIterableIterator<Uint8Array, undefined> = {
      next: async () => {
        for (;;) {
          const step = isLeft ? end : this.#step()
          if (step) return step
          await this.#arrival()
        }
      },
      return: () => {
        isLeft = true
        return Promise.resolve(end)
      },
      [Symbol.asyncIterator]: () => iterator,
    }
    return iterator
  }

  /** All of it, in memory of its own. Throws `limit-exceeded` beyond `max` octets; the connection is closed then. */
  async bytes({ max = Number.POSITIVE_INFINITY }: { readonly max?: number } = {}): Promise<Uint8Array> {
    this.#take()
    for (;;) {
      // What is too large is not whole either: the next command would find out, but the caller must.
      if (this.#octets > max) throw this.#tooLarge(max)
      if (this.#isWhole) break
      if (!this.#readOn()) await this.#arrival()
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
        await iterator.return?.()
      },
    })
  }

  /** Reads what is left and throws it away; the connection is closed when that is more than `max` octets. */
  async drain(max: number): Promise<void> {
    this.#isTaken = true
    const from = this.#octets
    // Whoever still reads must not take a part for the whole.
    this.#isForsaken = !this.#isWhole || this.#pieces.length > 0
    this.#pieces = []
    while (!this.#isWhole) {
      if (!this.#readOn()) await this.#arrival()
      this.#pieces = []
      if (this.#octets - from > max && !this.#isWhole)
        throw this.#conversation.channel.fail(
          'limit-exceeded',
          `more than ${max} octets of a message were left unread`,
        )
    }
  }

  /** What comes next, without waiting; undefined where that has not come in. */
  #step(): IteratorResult<Uint8Array, undefined> | undefined {
    for (;;) {
      const value = this.#pieces.shift()
      if (value) return { done: false, value }
      if (this.#isForsaken) throw new Pop3Error('closed', 'the body was not read in its time', where)
      if (this.#isWhole) return end
      if (!this.#readOn()) return undefined
    }
  }

  #take(): void {
    if (this.#options.error) throw this.#options.error
    if (this.#isTaken) throw new Pop3Error('closed', 'the body is read already', where)
    this.#isTaken = true
  }

  async #arrival(): Promise<void> {
    const { channel, timeouts } = this.#conversation
    try {
      await channel.more(timeouts.stall, this.#options.signal)
    } catch (error) {
      throw this.#lateError() ?? error
    }
  }

  /** Some servers say `+OK` first, and `-ERR` instead of the message; then nothing more comes. */
  #lateError(): Pop3Error | undefined {
    const line = this.#beginning?.toString('latin1')
    const text = /^-ERR[ \t]*([^\r\n]*)\r?\n$/.exec(line ?? '')?.[1]
    if (text === undefined || this.#octets !== this.#beginning?.length) return undefined
    const message = `the server failed behind its +OK: ${text}`
    return new Pop3Error('server-unavailable', message, { ...where, serverText: text })
  }

  /** Unstuffs a chunk that has come in; false when there is none. */
  #readOn(): boolean {
    const { channel, limits } = this.#conversation
    const chunk = channel.takeChunk()
    if (!chunk) return false
    const end = this.#unstuffer.unstuff(chunk, piece =>
      this.#add(Buffer.isBuffer(piece) ? piece : Buffer.from(piece)),
    )
    if (this.#conversation.isTapped)
      this.#conversation.show('received', end < 0 ? chunk : chunk.subarray(0, end))
    if (this.#octets > limits.message) throw this.#tooLarge(limits.message)
    if (end < 0) return true
    const rest = chunk.subarray(end)
    // No status line, nor what is passed over in front of one: a line of the message was a dot, and was not stuffed.
    if (rest.length > 0 && !beginnings.includes(rest[0]))
      throw channel.fail('protocol', 'the message goes on behind its final dot: what came is a part only')
    this.#isWhole = true
    this.#conversation.isBehindBody = true
    channel.putBack(rest)
    this.#options.whenWhole?.(this.#octets)
    return true
  }

  #add(piece: Buffer): void {
    if (this.#options.swallowed?.isIn(piece, this.#octets))
      throw this.#conversation.channel.fail(
        'protocol',
        'another answer begins in the message: its end is missing',
      )
    const kept = this.#options.filter ? this.#options.filter.keep(piece) : piece
    if (kept.length === 0) return
    if (this.#octets === 0 && kept.length <= 512) this.#beginning = kept
    this.#octets += kept.length
    this.#pieces.push(kept)
  }

  #tooLarge(max: number): Pop3Error {
    return this.#conversation.channel.fail('limit-exceeded', `a message of more than ${max} octets`)
  }
}
