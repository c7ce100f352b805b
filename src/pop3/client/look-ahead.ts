// How far ahead messages are asked for: bounded by their count and by their octets, so that a slow reader does not make the
// server send gigabytes, nor a server of small messages wait for each.
import type { Answers } from './answers.ts'
import type { MessageRef } from './message-ref.ts'
import type { Top } from './top-filter.ts'

export interface LookAheadOptions {
  /** Undefined for RETR. */
  readonly top: Top | undefined
  readonly maxMessages: number
  readonly maxOctets: number
}

export class LookAhead {
  readonly #answers: Answers
  readonly #refs: readonly MessageRef[]
  readonly #options: LookAheadOptions
  #asked = 0
  /** Of messages that were asked for, by what LIST says; with TOP nobody can tell. */
  #octets = 0

  constructor(answers: Answers, refs: readonly MessageRef[], options: LookAheadOptions) {
    this.#answers = answers
    this.#refs = refs
    this.#options = options
  }

  /** Asks for what may be asked for when the message at this place is wanted: that one in any case. */
  ask(at: number): void {
    const { top, maxMessages, maxOctets } = this.#options
    // Many at once are one packet: more are asked for when half of those ahead have come.
    if (this.#asked - at > maxMessages / 2) return
    for (; this.#asked - at < maxMessages; this.#asked++) {
      const ref = this.#refs[this.#asked]
      if (!ref || (this.#asked > at && this.#octets + this.#sizeOf(ref) > maxOctets)) return
      this.#octets += this.#sizeOf(ref)
      this.#answers.ask(ref, top)
    }
  }

  /** The message was read. */
  release(ref: MessageRef): void {
    this.#octets -= this.#sizeOf(ref)
  }

  #sizeOf({ octets = 0 }: MessageRef): number {
    return this.#options.top ? 0 : octets
  }
}
