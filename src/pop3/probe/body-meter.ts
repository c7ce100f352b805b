// Counts the octets of a multi-line answer as they come over the wire, RFC 1939 section 3, without changing any: what a client
// repairs in silence is a finding here.

const dot = 46
const lf = 10
const cr = 13

/** What was counted; lines and octets without the final line. */
export interface BodyFacts {
  /** Of the message: dots unstuffed. */
  readonly octets: number
  readonly lines: number
  /** Line ends that were LF alone. */
  readonly bareLineFeeds: number
  /** CR that no LF follows. */
  readonly loneReturns: number
  /** Lines that came with a second dot in front. */
  readonly stuffedLines: number
  /** Lines that began with one dot and went on: their server does not stuff, and a line of one dot would end the message. */
  readonly unstuffedLines: number
  readonly nuls: number
  readonly longestLine: number
  /** The final line ended with LF alone. */
  readonly endedBare: boolean
  /** The beginning of the message as it is, unstuffed. */
  readonly beginning: Buffer
}

export class BodyMeter {
  readonly #maxBeginning: number
  #place: 'start' | 'dot' | 'dot-cr' | 'inside' = 'start'
  #last = lf
  #lineOctets = 0
  #beginningOctets = 0
  readonly #beginning: Buffer[] = []
  readonly #counts = {
    octets: 0,
    lines: 0,
    bareLineFeeds: 0,
    loneReturns: 0,
    stuffedLines: 0,
    unstuffedLines: 0,
    nuls: 0,
    longestLine: 0,
    endedBare: false,
  }

  /** `maxBeginning` octets of the message are kept. */
  constructor(maxBeginning: number) {
    this.#maxBeginning = maxBeginning
  }

  get octets(): number {
    return this.#counts.octets
  }

  get facts(): BodyFacts {
    return { ...this.#counts, beginning: Buffer.concat(this.#beginning) }
  }

  /** Gives the index behind the final line, or -1 while the message goes on. */
  count(chunk: Uint8Array): number {
    const kept: number[] = []
    const keeps = this.#beginningOctets < this.#maxBeginning
    let end = -1
    for (let at = 0; at < chunk.length && end < 0; at++) {
      const octet = chunk[at] ?? 0
      if (this.#take(octet, keeps ? kept : undefined)) end = at + 1
    }
    this.#keep(kept)
    return end
  }

  /** True when the octet ends the final line. */
  #take(octet: number, kept: number[] | undefined): boolean {
    if (this.#place === 'start' && octet === dot) {
      this.#place = 'dot'
      return false
    }
    if (this.#place === 'dot' && octet === cr) {
      this.#place = 'dot-cr'
      return false
    }
    if (octet === lf && (this.#place === 'dot' || this.#place === 'dot-cr')) {
      this.#counts.endedBare = this.#place === 'dot'
      return true
    }
    if (this.#place === 'dot' && octet === dot) this.#counts.stuffedLines += 1
    else if (this.#place === 'dot' || this.#place === 'dot-cr') this.#counts.unstuffedLines += 1
    // The dot was held back as one that is not of the message: here it is.
    if (this.#place === 'dot' && octet !== dot) this.#add(dot, kept)
    if (this.#place === 'dot-cr') for (const held of [dot, cr]) this.#add(held, kept)
    this.#place = 'inside'
    this.#add(octet, kept)
    return false
  }

  #add(octet: number, kept: number[] | undefined): void {
    const counts = this.#counts
    counts.octets += 1
    this.#lineOctets += 1
    if (octet === 0) counts.nuls += 1
    if (octet === lf) {
      counts.lines += 1
      if (this.#last !== cr) counts.bareLineFeeds += 1
      counts.longestLine = Math.max(counts.longestLine, this.#lineOctets)
      this.#lineOctets = 0
      this.#place = 'start'
    } else if (this.#last === cr) counts.loneReturns += 1
    this.#last = octet
    kept?.push(octet)
  }

  #keep(octets: readonly number[]): void {
    if (octets.length === 0) return
    const piece = Buffer.from(octets).subarray(0, this.#maxBeginning - this.#beginningOctets)
    this.#beginningOctets += piece.length
    this.#beginning.push(piece)
  }
}
