// Command lines from chunks of any size. CRLF or a bare LF ends a line; the same octets give the same lines however
// they were cut. A line over its limit is reported once and never parsed as two commands.

const lineFeed = 10
const carriageReturn = 13
const empty = new Uint8Array(0)

export interface LineLimits {
  /** Octets a line may have, its end included. */
  readonly octets: number
  /** Asked when a line grows beyond `octets`: the limit for a line that starts so. */
  extend?(start: Uint8Array): number
}

/** In place of a line that was longer than allowed; what followed its limit up to the next LF is dropped. */
export const tooLong = Symbol('line too long')

export class LineReader {
  #rest: Uint8Array = empty
  #offset = 0
  /** Where the search for LF goes on: what lies before was searched when it came. */
  #searched = 0
  #discarding = false

  /** Octets that came in and were not given out as lines yet. */
  get pendingOctets(): number {
    return this.#rest.length - this.#offset
  }

  /** A line has begun and not ended, whether or not it is kept. */
  get isInLine(): boolean {
    return this.#discarding || this.pendingOctets > 0
  }

  /** Adds what came in. The chunk is kept, not copied, until its lines were read. */
  push(chunk: Uint8Array): void {
    const pending = this.pendingOctets
    if (pending === 0) {
      this.#rest = chunk
      this.#searched = 0
    } else {
      this.#rest = Buffer.concat([this.#rest.subarray(this.#offset), chunk], pending + chunk.length)
      this.#searched -= this.#offset
    }
    this.#offset = 0
  }

  /** The next whole line without its end, as a view of what was pushed; undefined until there is one. */
  next(limits: LineLimits): Uint8Array | typeof tooLong | undefined {
    while (this.#discarding) {
      if (!this.#skipLine()) return undefined
    }
    const start = this.#offset
    const end = this.#rest.indexOf(lineFeed, this.#searched)
    const octets = (end < 0 ? this.#rest.length : end + 1) - start
    if (octets > limits.octets && octets > this.#limitOf(limits)) {
      this.#discarding = true
      return tooLong
    }
    if (end < 0) {
      this.#keepPartial()
      return undefined
    }
    this.#advance(end + 1)
    return this.#rest.subarray(start, end > start && this.#rest[end - 1] === carriageReturn ? end - 1 : end)
  }

  #limitOf(limits: LineLimits): number {
    return limits.extend?.(this.#rest.subarray(this.#offset, this.#offset + limits.octets)) ?? limits.octets
  }

  #advance(offset: number): void {
    this.#offset = offset
    this.#searched = offset
  }

  /** Lets go of a large chunk when only the beginning of a line is left of it. */
  #keepPartial(): void {
    const octets = this.pendingOctets
    this.#rest = octets === 0 ? empty : this.#offset === 0 ? this.#rest : this.#rest.slice(this.#offset)
    this.#offset = 0
    this.#searched = octets
  }

  /** Drops the rest of the over-long line; false when its end did not come yet. */
  #skipLine(): boolean {
    const end = this.#rest.indexOf(lineFeed, this.#searched)
    if (end < 0) {
      this.#rest = empty
      this.#advance(0)
      return false
    }
    this.#discarding = false
    this.#advance(end + 1)
    return true
  }
}
