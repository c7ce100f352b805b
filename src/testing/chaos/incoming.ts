// What one side has said and nobody has taken yet: lines, and bodies that end in a dot, out of octets as they come. What waits
// stays within bounds: the side that speaks too much is paused.
import { DotUnstuffer } from '../../net/dot-stuffing.ts'
import { DataDecoder } from '../../smtp/intake/data-decoder.ts'

export interface IncomingSource {
  pause(): void
  resume(): void
}

const highWaterOctets = 256 * 1024
/** Far beyond what any server takes. */
const maxLineOctets = 1024 * 1024
const lineFeed = 10

export class Incoming {
  readonly #source: IncomingSource
  #buffer: Buffer = Buffer.alloc(0)
  #hasEnded = false
  #waiting: (() => void)[] = []

  constructor(source: IncomingSource) {
    this.#source = source
  }

  get pendingOctets(): number {
    return this.#buffer.length
  }

  /** Nothing more will come; what has come may wait still. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  get hasLine(): boolean {
    return this.#buffer.includes(lineFeed)
  }

  push(chunk: Uint8Array): void {
    this.#buffer = this.#buffer.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#buffer, chunk])
    if (this.#buffer.length > highWaterOctets) this.#source.pause()
    this.#wake()
  }

  end(): void {
    this.#hasEnded = true
    this.#wake()
  }

  /** Resolves when something comes or has ended, whatever lies there already. */
  changed(): Promise<void> {
    if (this.#hasEnded) return Promise.resolve()
    this.#source.resume()
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  /** Resolves when there are octets, or none will come. */
  async readable(): Promise<void> {
    while (this.#buffer.length === 0 && !this.#hasEnded) await this.changed()
  }

  /** What is there now. */
  rest(): Buffer {
    return this.#take(this.#buffer.length)
  }

  /** A line with its end; less, or nothing, where it has ended. Throws when it grows beyond all bounds. */
  async line(): Promise<Buffer> {
    for (;;) {
      const end = this.#buffer.indexOf(lineFeed)
      if (end >= 0) return this.#take(end + 1)
      if (this.#hasEnded) return this.rest()
      if (this.#buffer.length > maxLineOctets) throw new Error('a line without an end')
      await this.changed()
    }
  }

  /** The lines of a POP3 reply up to the one that ends it, as they come; fewer where it has ended. RFC 1939 section 3. */
  body(): AsyncGenerator<Buffer> {
    const unstuffer = new DotUnstuffer()
    return this.#until(chunk => unstuffer.unstuff(chunk, () => {}))
  }

  /** Mail data up to the line that ends it, RFC 5321 section 4.5.2. */
  mailData(): AsyncGenerator<Buffer> {
    const decoder = new DataDecoder()
    return this.#until(chunk => {
      // It compacts what it is given.
      decoder.push(Buffer.from(chunk))
      return decoder.ended ? decoder.endOffset : -1
    })
  }

  /** `endIn` gives the index in a chunk behind what is looked for, or -1. */
  async *#until(endIn: (chunk: Buffer) => number): AsyncGenerator<Buffer> {
    for (;;) {
      await this.readable()
      if (this.#buffer.length === 0) return
      const end = endIn(this.#buffer)
      yield this.#take(end < 0 ? this.#buffer.length : end)
      if (end >= 0) return
    }
  }

  #take(octets: number): Buffer {
    const taken = this.#buffer.subarray(0, octets)
    this.#buffer = this.#buffer.subarray(octets)
    if (this.#buffer.length <= highWaterOctets) this.#source.resume()
    return taken
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }
}
