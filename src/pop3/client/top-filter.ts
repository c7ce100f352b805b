// What TOP should have given, RFC 1939 section 7, out of what it gave: some servers send the whole message for any number of
// lines, and some say `+OK` twice.
const lf = 10
const cr = 13
const nothing = Buffer.alloc(0)

/** What is asked for by TOP. */
export interface Top {
  /** Of the body. */
  readonly lines: number
  /** A new one for each answer. */
  filter(): TopFilter
}

export function topOf(lines: number): Top {
  return { lines, filter: () => new TopFilter(lines) }
}

export class TopFilter {
  /** Of the body. */
  #linesLeft: number
  #isInHeader = true
  #isFirstLine = true
  #isDone = false
  /** Octets of the line so far, without a CR at the end of a piece. */
  #lineOctets = 0

  constructor(lines: number) {
    this.#linesLeft = lines
  }

  /** The beginning of the next piece that belongs to the header and its lines. A view. */
  keep(piece: Buffer): Buffer {
    let from = 0
    if (this.#isFirstLine && piece.length > 0) {
      this.#isFirstLine = false
      from = secondStatus(piece)
    }
    for (let at = from; !this.#isDone && at < piece.length; ) {
      const end = piece.indexOf(lf, at)
      const next = end < 0 ? piece.length : end
      this.#lineOctets += next - at - (piece[next - 1] === cr && next > at ? 1 : 0)
      if (end < 0) return piece.subarray(from)
      this.#endLine()
      if (this.#isDone) return piece.subarray(from, end + 1)
      at = end + 1
    }
    return this.#isDone ? nothing : piece.subarray(from)
  }

  #endLine(): void {
    if (!this.#isInHeader) this.#linesLeft -= 1
    else if (this.#lineOctets === 0) this.#isInHeader = false
    this.#isDone = !this.#isInHeader && this.#linesLeft <= 0
    this.#lineOctets = 0
  }
}

/** No field of a header begins so, RFC 5322 section 2.2. */
function secondStatus(piece: Buffer): number {
  const line = /^\+OK(?:[ \t][^:\n]*)?\r?\n/.exec(piece.toString('latin1', 0, 512))?.[0]
  return line?.length ?? 0
}
