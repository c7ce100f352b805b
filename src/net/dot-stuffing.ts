// Byte-stuffing of multi-line replies, RFC 1939 section 3: a line that begins with the termination octet "." gets one
// more in front. Streaming in both directions; chunks may be cut anywhere.

/** The last line of a multi-line reply. */
export const terminator = '.\r\n'

const dot = 46
const lineFeed = 10
const carriageReturn = 13
const dotAfterLineFeed = Buffer.from('\n.')
/** Dots inside of lines that are looked at one by one before it is better to look for line ends. */
const maxInnerDots = 16

/**
 * Doubles leading dots. One stuffer serves one message. A dot counts after any LF: a receiver that takes a bare LF for
 * a line end must not see the end of the message too early.
 */
export class DotStuffer {
  #atLineStart = true

  /** Hands the stuffed octets to `emit` as views of the chunk: nothing is copied. */
  stuff(chunk: Uint8Array, emit: (octets: Uint8Array) => void): void {
    if (chunk.length === 0) return
    const octets = asBuffer(chunk)
    let from = 0
    // Emitting up to and with the dot, then going on at the same dot, sends it twice.
    if (this.#atLineStart && octets[0] === dot) emit(octets.subarray(0, 1))
    for (let at = nextLeadingDot(octets, 1); at > 0; at = nextLeadingDot(octets, at + 1)) {
      emit(octets.subarray(from, at + 1))
      from = at
    }
    emit(from === 0 ? octets : octets.subarray(from))
    this.#atLineStart = octets[octets.length - 1] === lineFeed
  }
}

/** The next dot behind an LF, or -1. Most octets of mail are base64, which has lines but no dots. */
function nextLeadingDot(octets: Buffer, from: number): number {
  let at = from
  for (let tries = 0; tries < maxInnerDots; tries++) {
    at = octets.indexOf(dot, at)
    if (at < 0 || octets[at - 1] === lineFeed) return at
    at += 1
  }
  const lineEnd = octets.indexOf(dotAfterLineFeed, at - 1)
  return lineEnd < 0 ? -1 : lineEnd + 1
}

/** Removes the stuffing and finds the line that ends the message. One unstuffer serves one message. */
export class DotUnstuffer {
  // What was read of the current line: nothing; "."; ".\r"; or more.
  #line: 'start' | 'dot' | 'dot-cr' | 'inside' = 'start'
  /** The octet before the one that is looked at, and the one before that: they say how the line before ended. */
  #last = lineFeed
  #beforeLast = carriageReturn
  #isBare = false

  /** The final line, or the one before it, ended with a bare LF: some servers do, and what was read may be a part only. */
  get endedBare(): boolean {
    return this.#isBare
  }

  /**
   * Hands the message's octets to `emit` as views (a held-back CR as its own). Returns the index in the chunk behind
   * the terminating line, or -1 while the message goes on.
   */
  unstuff(chunk: Uint8Array, emit: (octets: Uint8Array) => void): number {
    const octets = asBuffer(chunk)
    let at = 0
    while (at < octets.length) {
      if (this.#line === 'inside') at = this.#skipText(octets, at, emit)
      else if (this.#line === 'start') {
        this.#line = octets[at] === dot ? 'dot' : 'inside'
        if (this.#line === 'dot') at += 1
      } else {
        const octet = octets[at]
        if (octet === lineFeed) {
          this.#isBare = this.#line === 'dot' || this.#beforeLast !== carriageReturn
          return at + 1
        }
        if (this.#line === 'dot' && octet === carriageReturn) {
          this.#line = 'dot-cr'
          at += 1
        } else {
          if (this.#line === 'dot-cr') this.#emit(Uint8Array.of(carriageReturn), emit)
          this.#line = 'inside'
        }
      }
    }
    return -1
  }

  /** Emits as much as has no dot at the start of a line; gives the index behind it, and behind that dot. */
  #skipText(octets: Buffer, from: number, emit: (octets: Uint8Array) => void): number {
    const lineEnd = octets.indexOf(dotAfterLineFeed, from)
    const end = lineEnd < 0 ? octets.length : lineEnd + 1
    this.#emit(octets.subarray(from, end), emit)
    if (lineEnd < 0) {
      if (this.#last === lineFeed) this.#line = 'start'
      return end
    }
    this.#line = 'dot'
    return end + 1
  }

  #emit(octets: Uint8Array, emit: (octets: Uint8Array) => void): void {
    this.#beforeLast = octets[octets.length - 2] ?? this.#last
    this.#last = octets[octets.length - 1] ?? this.#last
    emit(octets)
  }
}

function asBuffer(octets: Uint8Array): Buffer {
  return Buffer.isBuffer(octets) ? octets : Buffer.from(octets.buffer, octets.byteOffset, octets.length)
}
