// With commands ahead, a message whose end is missing swallows the answer to the next one, and all that follow are taken for
// those before them. What gives that away is a status where LIST says that the message is over.

/** Sizes may be wrong by as much: then a status counts only at the beginning of a line. */
const slackOctets = 64
const status = '+OK'

export class SwallowedStatus {
  /** As LIST has it, 0 where it has none. */
  readonly #size: number
  /** The octets before the next piece that belong to a status cut in two, from a line's beginning on. */
  #tail = '\n'

  constructor(octets: number | undefined) {
    this.#size = octets ?? 0
  }

  /** Whether there is one in the next piece of the message, which begins at `at`. */
  isIn(piece: Buffer, at: number): boolean {
    const before = this.#tail
    const from = Math.max(0, this.#size - slackOctets - at)
    if (from > piece.length + status.length) return false
    this.#tail = (before + piece.toString('latin1', Math.max(0, piece.length - status.length))).slice(
      -status.length,
    )
    if (from >= piece.length) return false
    const start = Math.max(0, from - status.length)
    const text = (start === 0 ? before : '') + piece.toString('latin1', start)
    const first = at + start - (start === 0 ? before.length : 0)
    for (let found = text.indexOf(status); found >= 0; found = text.indexOf(status, found + 1)) {
      const isAtLineStart = text[found - 1] === '\n'
      if (first + found >= (isAtLineStart ? this.#size - slackOctets : this.#size)) return true
    }
    return false
  }
}
