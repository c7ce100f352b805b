// Sending what follows a status line, piece by piece, at the pace of the peer, and with pauses for the other sessions.
import { DotStuffer, terminator } from './dot-stuffing.ts'
import { passed } from './young-garbage.ts'

/** A message body as it is sent. */
export interface MessageBody {
  /** Yields the octets once, from the beginning. */
  readonly body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>
  /** Lines that begin with a dot; 0 means that nothing is to be stuffed. */
  readonly dotLines: number
  /** What `body` must yield in all; undefined when only its part is wanted. */
  readonly octets: number | undefined
}

/** What a session needs of its connection to send; `Connection` is one. */
export interface Outlet {
  readonly octetsIn: number
  readonly octetsOut: number
  /** The peer is behind: wait for `drained`. */
  readonly full: boolean
  /** False once it was ended or cut, by either side. */
  readonly isOpen: boolean
  sendText(text: string): void
  sendOctets(octets: Uint8Array): void
  flush(): void
  flushSoon(): void
  drained(): Promise<void>
  pause(): void
  resume(): void
  end(): void
  cut(): void
  stalledMs(nowMs: number): number
  takesLessThan(octetsPerSecond: number, windowMs: number, nowMs: number): boolean
}

/** Octets, or their worth in work, after which other sessions get their turn. */
const turnOctets = 256 * 1024
/** What rendering one piece of a listing costs, in octets sent. */
const pieceWorth = 64 * 1024
/** Octets of one chunk, as large messages have them. */
const largeChunk = 64 * 1024

export class Transmission {
  readonly #outlet: Outlet
  #work = 0

  constructor(outlet: Outlet) {
    this.#outlet = outlet
  }

  /** Sends a short reply. Afterwards, wait while `mustWait`. */
  sendText(text: string | Uint8Array): void {
    this.#work += text.length
    if (typeof text === 'string') this.#outlet.sendText(text)
    else this.#outlet.sendOctets(text)
  }

  get mustWait(): boolean {
    return this.#outlet.full || this.#work > turnOctets
  }

  /** Waits for the peer, then for the others' turn, as far as either is due. */
  async pace(): Promise<void> {
    if (this.#outlet.full) await this.#outlet.drained()
    if (this.#work <= turnOctets) return
    this.#outlet.flush()
    await new Promise(setImmediate)
    this.#work = 0
  }

  async sendLines(pieces: Iterable<string>): Promise<void> {
    for (const piece of pieces) {
      if (!this.#outlet.isOpen) return
      this.#work += pieceWorth
      this.#outlet.sendText(piece)
      if (this.mustWait) await this.pace()
    }
  }

  /**
   * Sends a message, stuffed, and the terminator. Throws what reading throws, and when the body is not as long as
   * announced: then the terminator was not sent, and the connection must be cut.
   */
  async sendMessage(message: MessageBody): Promise<void> {
    const isWhole = await this.#sendBody(message, message.dotLines > 0 ? new DotStuffer() : undefined)
    if (isWhole) this.#outlet.sendText(terminator)
  }

  /** Sends a message as it is, for a peer that counts octets; nothing ends it. Throws as `sendMessage` does. */
  async sendCounted(message: MessageBody): Promise<void> {
    await this.#sendBody(message, undefined)
  }

  /** False when the connection was lost on the way. */
  async #sendBody({ body, octets }: MessageBody, stuffer: DotStuffer | undefined): Promise<boolean> {
    let sent = 0
    if (Symbol.asyncIterator in body) {
      for await (const chunk of body) {
        sent += this.#sendChunk(chunk, stuffer)
        if (this.mustWait) await this.pace()
        if (!this.#outlet.isOpen) return false
      }
    } else {
      for (const chunk of body) {
        sent += this.#sendChunk(chunk, stuffer)
        if (this.mustWait) await this.pace()
        if (!this.#outlet.isOpen) return false
      }
    }
    if (octets !== undefined && sent !== octets) {
      throw new Error(`the message has ${sent} octets, ${octets} were announced`)
    }
    return true
  }

  #sendChunk(chunk: Uint8Array, stuffer: DotStuffer | undefined): number {
    if (stuffer) stuffer.stuff(chunk, piece => this.#outlet.sendOctets(piece))
    else this.#outlet.sendOctets(chunk)
    this.#work += chunk.length
    if (chunk.length >= largeChunk) passed(chunk.length)
    return chunk.length
  }
}
