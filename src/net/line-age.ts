// How long a line has been under way, for whoever looks every now and then: octets that come one at a time for ever are
// no sign of life. Nothing is noted when octets come in.
import type { LineReader } from './line-reader.ts'

export class LineAge {
  #sinceMs = 0
  #lineNumber = -1

  /** Milliseconds since the line was first seen unfinished; 0 when there is none. `lineNumber` tells one from the next. */
  of(lines: Pick<LineReader, 'isInLine'>, lineNumber: number, nowMs: number): number {
    if (!lines.isInLine || lineNumber !== this.#lineNumber) this.#sinceMs = nowMs
    this.#lineNumber = lineNumber
    return nowMs - this.#sinceMs
  }
}
