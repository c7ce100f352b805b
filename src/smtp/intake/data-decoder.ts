// The mail data of DATA, RFC 5321 section 4.5.2: finds the line of a single dot that ends it, and takes the first dot off
// every other line that begins with one. A line is what CRLF ends, and nothing else: a bare LF or CR next to a dot is
// text, however the octets are cut into chunks. Pure but for compacting the chunk it is given.

const cr = 13
const lf = 10
const dot = 46
const dotAfterLf = Buffer.from('\n.')
const loneCr = Buffer.from('\r')

/** Where in a line the last octet left off; what `dot` and `dotCr` have read is held back. */
type LineState = 'start' | 'text' | 'textCr' | 'dot' | 'dotCr'

/** One message. Feed chunks until `ended`. */
export class DataDecoder {
  #line: LineState = 'start'
  #ended = false
  #endOffset = 0

  get ended(): boolean {
    return this.#ended
  }

  /** Offset in the last chunk behind the final line; what stands there is the next command. */
  get endOffset(): number {
    return this.#endOffset
  }

  /** The message octets in this chunk: a view of the chunk, which is compacted where dots were taken out. */
  push(chunk: Buffer): Uint8Array {
    const wasHeldCr = this.#line === 'dotCr' && chunk.length > 0 && chunk[0] !== lf
    /** Content found so far lies at the front, `to` octets; what was read but not moved there begins at `from`. */
    let to = 0
    let from = 0
    let at = 0
    while (at < chunk.length) {
      if (this.#line === 'text') {
        at = this.#skipText(chunk, at)
        continue
      }
      const octet = chunk[at]
      if (this.#line === 'start' && octet === dot) {
        if (to !== from) chunk.copyWithin(to, from, at)
        to += at - from
        from = at + 1
        this.#line = 'dot'
      } else if (this.#line === 'dot' && octet === cr) this.#line = 'dotCr'
      else if (this.#line === 'textCr' && octet === lf) this.#line = 'start'
      else if (this.#line === 'dotCr' && octet === lf) {
        this.#ended = true
        this.#endOffset = at + 1
        return behindCr(wasHeldCr, chunk.subarray(0, to))
      } else {
        this.#line = 'text'
        continue
      }
      at += 1
    }
    if (this.#line !== 'dot' && this.#line !== 'dotCr') {
      if (to !== from) chunk.copyWithin(to, from)
      to += at - from
    }
    return behindCr(wasHeldCr, chunk.subarray(0, to))
  }

  /** The native search for lines that begin with a dot; returns where to look next. */
  #skipText(chunk: Buffer, start: number): number {
    for (let at = chunk.indexOf(dotAfterLf, start); at !== -1; at = chunk.indexOf(dotAfterLf, at + 1)) {
      if (at > start && chunk[at - 1] === cr) {
        this.#line = 'start'
        return at + 1
      }
    }
    const last = chunk.length - 1
    if (chunk[last] === cr) this.#line = 'textCr'
    else if (chunk[last] === lf && last > start && chunk[last - 1] === cr) this.#line = 'start'
    return chunk.length
  }
}

function behindCr(wasHeldCr: boolean, content: Uint8Array): Uint8Array {
  return wasHeldCr ? Buffer.concat([loneCr, content]) : content
}
