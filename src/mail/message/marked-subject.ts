// A message of another folder, told from the others by its Subject: ` [Junk]` behind the colon of the first Subject field, or
// a whole field where there is none, and a field X-Poplar-Folder at the end of the header. Every message grows by the same
// number of octets, whatever its header, so that it need not be read to be listed: X-Poplar-Folder is padded.
import type { MessageOctets, SubjectMark } from '../maildrop-store.ts'

const subject = Buffer.from('subject')
const lf = 10
const space = 32
const tab = 9
const cr = 13
const colon = 58

/** Octets by which a message grows. */
export function markOctets(mark: SubjectMark): number {
  return newSubject(mark).length + folderField(mark, 0).length
}

/** The message, marked. `dotLines` still holds: no line is added that begins with a dot. */
export function markSubject(message: MessageOctets, mark: SubjectMark): MessageOctets {
  const { octets, headerOctets, dotLines, body } = message
  const added = markOctets(mark)
  const marking = new Marking(mark, headerOctets)
  return {
    octets: octets + added,
    headerOctets: headerOctets + added,
    dotLines,
    body: Symbol.asyncIterator in body ? throughAsync(body, marking) : through(body, marking),
  }
}

function newSubject({ text }: SubjectMark): Buffer {
  return Buffer.from(`Subject: ${text}\r\n`, 'latin1')
}

function folderField({ folder }: SubjectMark, padding: number): Buffer {
  return Buffer.from(`X-Poplar-Folder: ${' '.repeat(padding)}${folder}\r\n`, 'latin1')
}

/** Where a line of the header stands in the search for its Subject field. */
type LineState =
  /** So many octets of the name have come. */
  | number
  /** The name is complete, blanks and the colon may follow. RFC 5322 section 4.5.5 */
  | 'named'
  /** Behind the colon: what comes next decides whether the mark needs a space behind it. */
  | 'marking'
  | 'other'

class Marking {
  readonly #mark: SubjectMark
  readonly #headerOctets: number
  #at = 0
  #lineState: LineState = 0
  /** Octets that the mark in a Subject field took; undefined while there was no such field. */
  #inserted: number | undefined
  #isDone = false

  constructor(mark: SubjectMark, headerOctets: number) {
    this.#mark = mark
    this.#headerOctets = headerOctets
  }

  /** What becomes of the next chunk. */
  take(chunk: Uint8Array): readonly Uint8Array[] {
    if (this.#isDone) return [chunk]
    const pieces: Uint8Array[] = []
    const headerEnd = Math.min(chunk.length, this.#headerOctets - this.#at)
    let from = 0
    for (let i = 0; i < headerEnd; i++) {
      // The empty line, which ends the header, is part of it.
      if (this.#lineState === 0 && this.#at + i === this.#headerOctets - 2 && chunk[i] === cr) {
        pieces.push(chunk.subarray(from, i), this.#trailer())
        from = i
        break
      }
      if (this.#lineState === 'marking') {
        pieces.push(chunk.subarray(from, i), this.#insert(chunk[i]))
        from = i
      }
      if (this.#lineState === 'other') {
        const end = chunk.indexOf(lf, i)
        if (end === -1 || end >= headerEnd) break
        i = end
      }
      this.#lineState = this.#next(chunk[i] ?? lf)
    }
    this.#at += chunk.length
    pieces.push(chunk.subarray(from))
    return pieces.filter(({ length }) => length > 0)
  }

  /** What is still to come when all of the message has been taken. */
  end(): readonly Uint8Array[] {
    return this.#isDone ? [] : [this.#trailer()]
  }

  #next(octet: number): LineState {
    if (octet === lf) return 0
    const state = this.#lineState
    if (state === 'named') {
      if (octet === colon) return 'marking'
      return octet === space || octet === tab ? 'named' : 'other'
    }
    if (typeof state !== 'number' || this.#inserted !== undefined) return 'other'
    // Upper case differs from lower case in this bit alone.
    if ((octet | 0x20) !== subject[state]) return 'other'
    return state + 1 === subject.length ? 'named' : state + 1
  }

  /** The mark, parted from a text that follows at once: an encoded word must stand alone. RFC 2047 section 5. */
  #insert(next: number | undefined): Uint8Array {
    const isParted = next === space || next === tab || next === cr
    const piece = Buffer.from(` ${this.#mark.text}${isParted ? '' : ' '}`, 'latin1')
    this.#inserted = piece.length
    this.#lineState = 'other'
    return piece
  }

  /** The fields behind the header: as long as makes the sum always the same. */
  #trailer(): Uint8Array {
    this.#isDone = true
    const whole = newSubject(this.#mark)
    return this.#inserted === undefined
      ? Buffer.concat([whole, folderField(this.#mark, 0)])
      : folderField(this.#mark, whole.length - this.#inserted)
  }
}

function* through(body: Iterable<Uint8Array>, marking: Marking): Generator<Uint8Array, void> {
  for (const chunk of body) yield* marking.take(chunk)
  yield* marking.end()
}

async function* throughAsync(
  body: AsyncIterable<Uint8Array>,
  marking: Marking,
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of body) yield* marking.take(chunk)
  yield* marking.end()
}
