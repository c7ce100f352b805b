// Cuts an mbox at its From_ lines. A From_ line stands at the beginning or behind an empty line, which belongs to it and
// not to the message before. Memory holds one piece of the file, however long its lines are.
import type { Octets } from '../../mail/octets.ts'
import { ArchiveError } from './archive.ts'
import { parseFromLineDate } from './mail-date.ts'

/** A From_ line, without its line end, or the next octets of the message that it began. */
export type MboxPart = { readonly fromLine: string } | { readonly octets: Uint8Array }

const cr = 0x0d
const lf = 0x0a
const maxFromLineOctets = 1024
/** As much as an empty line and the beginning of a From_ line take: kept until more was read. */
const lookaheadOctets = '\n\r\n\r\nFrom '.length

/** Throws `ArchiveError` when the file does not begin with a From_ line; an empty file has no messages. */
export async function* splitMbox(file: Octets, name: string): AsyncGenerator<MboxPart> {
  const splitter = new MboxSplitter(name)
  for await (const chunk of file) yield* splitter.push(chunk)
  yield* splitter.end()
}

class MboxSplitter {
  readonly #name: string
  /** What was read and not given out, behind the two octets before it; begins with line ends the file does not have. */
  #window: Buffer = Buffer.from('\n\n')
  /** Offset in the window of the first octet to be given out. */
  #start = 0
  #isFirst = true
  #mustHaveDate = false

  constructor(name: string) {
    this.#name = name
  }

  *push(chunk: Uint8Array): Generator<MboxPart> {
    this.#window = Buffer.concat([this.#window, chunk])
    yield* this.#giveOut(yield* this.#cut())
    const kept = Math.max(0, this.#start - 2)
    this.#window = this.#window.subarray(kept)
    this.#start -= kept
  }

  *end(): Generator<MboxPart> {
    // For a From_ line at the very end; the file does not have this line end.
    this.#window = Buffer.concat([this.#window, Uint8Array.of(lf)])
    yield* this.#cut()
    const end = this.#window.length - 1
    const emptyLine = this.#window[end - 1] === lf ? this.#emptyLineStart(end - 1) : undefined
    yield* this.#giveOut(emptyLine ?? end)
  }

  /** Gives out all but the message whose end was not seen yet; returns how far that one certainly goes. */
  *#cut(): Generator<MboxPart, number> {
    const window = this.#window
    let from = Math.max(0, this.#start - 2)
    for (;;) {
      const lineEnd = window.indexOf('\nFrom ', from)
      if (lineEnd < 0) return window.length - lookaheadOctets
      from = lineEnd + 1
      const messageEnd = this.#emptyLineStart(lineEnd)
      if (messageEnd === undefined) continue
      const end = window.indexOf(lf, from)
      if (end < 0 && window.length - from < maxFromLineOctets) return messageEnd
      const line = window.toString('latin1', from, end < 0 ? from : end).replace(/\r$/, '')
      if (!this.#accepts(line)) continue
      yield* this.#giveOut(messageEnd)
      yield { fromLine: line }
      this.#start = end + 1
      this.#isFirst = false
      from = end
    }
  }

  /** Where the empty line begins whose LF is at `lineEnd`; undefined when that line is not empty or given out. */
  #emptyLineStart(lineEnd: number): number | undefined {
    const start = this.#window[lineEnd - 1] === cr ? lineEnd - 1 : lineEnd
    return start >= this.#start && this.#window[start - 1] === lf ? start : undefined
  }

  /** In a file whose first From_ line has a date, one without is text: not every program quotes such lines. */
  #accepts(line: string): boolean {
    if (!line.startsWith('From ') || line.length > maxFromLineOctets) return false
    const hasDate = parseFromLineDate(line) !== undefined
    if (this.#isFirst) this.#mustHaveDate = hasDate
    return hasDate || !this.#mustHaveDate
  }

  *#giveOut(end: number): Generator<MboxPart> {
    if (end <= this.#start) return
    const octets = this.#window.subarray(this.#start, end)
    this.#start = end
    if (!this.#isFirst) yield { octets }
    else if (/[^\r\n]/.test(octets.toString('latin1')))
      throw new ArchiveError(`${this.#name}: not an mbox: it does not begin with a From_ line`)
  }
}
