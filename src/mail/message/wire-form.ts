// From octets as they came to the form every store keeps: lines end with CRLF, the last one too (RFC 5322 section 2.3).
// Incremental and pure: any cutting of the input into chunks gives the same octets and the same facts. A bare LF
// becomes CRLF; a lone CR and a NUL stay. An empty message stays empty: there is no line to end.

const cr = 13
const lf = 10
const dot = 46
const lineEnd = Uint8Array.of(cr, lf)
const nothing = new Uint8Array(0)

/** One message on its way into stored form: `push` every chunk, then `end`; the facts are final after `end`. */
export class WireForm {
  #octets = 0
  #headerOctets = -1
  #dotLines = 0
  #hadBareNewline = false
  /** Offset in the stored form where the current line begins. */
  #lineStart = 0
  #endsWithCr = false

  /** Octets of the stored form so far. */
  get octets(): number {
    return this.#octets
  }

  /** Octets of the header and the empty line after it; equals `octets` when there is no empty line. */
  get headerOctets(): number {
    return this.#headerOctets === -1 ? this.#octets : this.#headerOctets
  }

  /** Lines that begin with a dot. */
  get dotLines(): number {
    return this.#dotLines
  }

  /** Whether an LF came without a CR before it. */
  get hadBareNewline(): boolean {
    return this.#hadBareNewline
  }

  /** The stored form of these octets: the very chunk when nothing had to change, never an alias of another. */
  push(chunk: Uint8Array): Uint8Array {
    if (chunk.length === 0) return chunk
    // A view with the native search; the octets are not copied.
    const octets = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    const base = this.#octets
    if (this.#lineStart === base && octets[0] === dot) this.#dotLines += 1
    let bareNewlines: number[] | undefined
    let inserted = 0
    for (let at = octets.indexOf(lf); at !== -1; at = octets.indexOf(lf, at + 1)) {
      const hasCr = at === 0 ? this.#endsWithCr : octets[at - 1] === cr
      if (!hasCr) {
        bareNewlines ??= []
        bareNewlines.push(at)
        inserted += 1
      }
      this.#endLine(base + at + 1 + inserted)
      if (octets[at + 1] === dot) this.#dotLines += 1
    }
    this.#endsWithCr = octets[octets.length - 1] === cr
    this.#octets = base + octets.length + inserted
    if (!bareNewlines) return chunk
    this.#hadBareNewline = true
    return insertCrs(octets, bareNewlines)
  }

  /** What is still to be added: CRLF when the last line was not ended, else nothing. */
  end(): Uint8Array {
    if (this.#lineStart === this.#octets) return nothing
    this.#octets += lineEnd.length
    this.#lineStart = this.#octets
    return lineEnd
  }

  #endLine(nextLineStart: number): void {
    if (this.#headerOctets === -1 && nextLineStart - this.#lineStart === lineEnd.length) {
      this.#headerOctets = nextLineStart
    }
    this.#lineStart = nextLineStart
  }
}

function insertCrs(octets: Buffer, bareNewlines: readonly number[]): Uint8Array {
  const stored = Buffer.allocUnsafe(octets.length + bareNewlines.length)
  let from = 0
  let to = 0
  for (const at of bareNewlines) {
    to += octets.copy(stored, to, from, at)
    stored[to++] = cr
    from = at
  }
  octets.copy(stored, to, from)
  return stored
}
