// One message between the socket that brings it and the delivery that reads it. A small one is gathered whole and read
// as an array; a large one is read while it comes, and the socket waits when the reader is behind.
import type { Octets } from '../../mail/octets.ts'

/** Up to here a message is gathered before anyone reads it: a client that vanishes costs the store nothing. */
const gatherOctets = 64 * 1024
/** Octets that may wait for the reader before the socket waits too. */
const highWaterOctets = 256 * 1024

export class MessageFeed {
  readonly #start: (octets: Octets) => void
  #chunks: Uint8Array[] = []
  #waitingOctets = 0
  #state: 'gathering' | 'streaming' | 'discarding' = 'gathering'
  #ended = false
  #failure: Error | undefined
  #wakeReader: (() => void) | undefined
  #wakeWriter: (() => void) | undefined

  /** `start` is called once, when there is something to read; never when the message is cut off before. */
  constructor(start: (octets: Octets) => void) {
    this.#start = start
  }

  /** Takes the next octets. A promise asks for a pause until it resolves. */
  write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#state === 'discarding' || chunk.length === 0) return undefined
    this.#chunks.push(chunk)
    this.#waitingOctets += chunk.length
    if (this.#state === 'gathering') {
      if (this.#waitingOctets <= gatherOctets) return undefined
      this.#state = 'streaming'
      this.#start(this.#stream())
    }
    this.#wakeReader?.()
    if (this.#waitingOctets < highWaterOctets) return undefined
    return new Promise(resolve => {
      this.#wakeWriter = resolve
    })
  }

  /** The message is complete. */
  end(): void {
    this.#ended = true
    if (this.#state === 'gathering') {
      this.#state = 'streaming'
      this.#start(this.#chunks)
    }
    this.#wakeReader?.()
  }

  /** The message will never be complete: who reads it gets the error. */
  abort(failure: Error): void {
    if (this.#ended) return
    this.#failure = failure
    this.#wakeReader?.()
    this.discard()
  }

  /** Nobody reads any more: what still comes is dropped. */
  discard(): void {
    this.#state = 'discarding'
    this.#chunks = []
    this.#resumeWriter()
  }

  async *#stream(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      if (this.#failure) throw this.#failure
      const chunks = this.#chunks
      this.#chunks = []
      this.#waitingOctets = 0
      this.#resumeWriter()
      yield* chunks
      if (this.#chunks.length > 0) continue
      if (this.#ended) return
      if (!this.#failure) await this.#somethingNew()
    }
  }

  async #somethingNew(): Promise<void> {
    await new Promise<void>(resolve => {
      this.#wakeReader = resolve
    })
    this.#wakeReader = undefined
  }

  #resumeWriter(): void {
    this.#wakeWriter?.()
    this.#wakeWriter = undefined
  }
}

/** What the reader of a message gets whose sender went away. */
export class PeerGone extends Error {
  override readonly name = 'PeerGone'

  constructor() {
    super('the connection closed before the message was complete')
  }
}
