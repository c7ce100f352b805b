// A header without UTF-8 for clients that do not speak it: RFC 6857, field by field. Incremental and pure: any cutting of the
// header into chunks gives the same octets. No more than one field is kept in memory. A field of more than 32 KiB stays as
// it is, as does what is no field or no UTF-8, and what comes behind 64 KiB of changed fields. The body, with the headers of
// its parts, is never touched.
import { isAscii } from 'node:buffer'
import { downgradedField } from './downgrade/fields.ts'

const lf = 10
const space = 32
const tab = 9
/** Longer fields are passed on unread. */
const maxFieldOctets = 32 * 1024
/** What is changed of one header at the most; it bounds the work a message can make, at delivery and at every reading. */
const maxChangedOctets = 64 * 1024

/** One header on its way: `push` every chunk of it, then `end`; the pieces given to `emit` are the downgraded header. */
export class HeaderDowngrade {
  readonly #emit: (piece: Uint8Array) => void
  /** The field that has begun and may go on. */
  #held: Uint8Array[] = []
  #heldOctets = 0
  #heldIsAscii = true
  /** The field was too long, and is being passed on. */
  #isPassing = false
  #endsLine = false
  #changedOctets = 0
  #hasChanged = false

  constructor(emit: (piece: Uint8Array) => void) {
    this.#emit = emit
  }

  /** Whether what came out differs from what went in. */
  get hasChanged(): boolean {
    return this.#hasChanged
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    const isPlain = isAscii(chunk)
    if (this.#endsLine && !isBlank(chunk[0])) this.end()
    let from = 0
    if (isPlain && this.#heldIsAscii) {
      // Nothing in sight has to change: only where the last field begins must be known.
      from = lastFieldStart(chunk)
      if (from > 0) this.#pass(chunk.subarray(0, from))
    } else {
      for (let at = nextFieldStart(chunk, 0); at !== -1; at = nextFieldStart(chunk, at)) {
        this.#hold(chunk.subarray(from, at))
        this.end()
        from = at
      }
    }
    this.#hold(from === 0 ? chunk : chunk.subarray(from))
    this.#endsLine = chunk[chunk.length - 1] === lf
  }

  /** The header is over: what is still held goes out. */
  end(): void {
    const held = this.#held
    const [first] = held
    if (first !== undefined) {
      this.#changedOctets += this.#heldIsAscii ? 0 : this.#heldOctets
      const stays = this.#heldIsAscii || this.#changedOctets > maxChangedOctets
      if (stays) for (const piece of held) this.#emit(piece)
      else this.#change(held.length === 1 ? first : Buffer.concat(held))
    }
    this.#forget()
    this.#isPassing = false
  }

  #change(field: Uint8Array): void {
    const ascii = downgradedField(field)
    this.#hasChanged ||= ascii !== field
    this.#emit(ascii)
  }

  /** Sends on fields that are ASCII, the held one with them. */
  #pass(octets: Uint8Array): void {
    for (const piece of this.#held) this.#emit(piece)
    this.#emit(octets)
    this.#forget()
    this.#isPassing = false
  }

  #hold(octets: Uint8Array): void {
    if (this.#isPassing) return this.#emit(octets)
    this.#held.push(octets)
    this.#heldOctets += octets.length
    this.#heldIsAscii &&= isAscii(octets)
    if (this.#heldOctets <= maxFieldOctets) return
    for (const piece of this.#held) this.#emit(piece)
    this.#forget()
    this.#isPassing = true
  }

  #forget(): void {
    this.#held = []
    this.#heldOctets = 0
    this.#heldIsAscii = true
  }
}

/** A whole header at once; the very same octets when there is nothing to change. */
export function downgradedHeader(header: Uint8Array): Uint8Array {
  if (isAscii(header)) return header
  const pieces: Uint8Array[] = []
  const downgrade = new HeaderDowngrade(piece => pieces.push(piece))
  downgrade.push(header)
  downgrade.end()
  return downgrade.hasChanged ? Buffer.concat(pieces) : header
}

/** Measures a header as it comes by: what it will have when it is downgraded. */
export class DowngradeMeter {
  #octets = 0
  readonly #downgrade = new HeaderDowngrade(piece => {
    this.#octets += piece.length
  })

  push(piece: Uint8Array): void {
    this.#downgrade.push(piece)
  }

  /** Octets of the header once it is downgraded; undefined when that changes nothing. */
  end(): number | undefined {
    this.#downgrade.end()
    return this.#downgrade.hasChanged ? this.#octets : undefined
  }
}

/** Where the next field begins: behind a line end, with no blank. -1 when that is not in this chunk. */
function nextFieldStart(chunk: Uint8Array, from: number): number {
  for (let at = chunk.indexOf(lf, from); at !== -1; at = chunk.indexOf(lf, at + 1)) {
    if (at + 1 < chunk.length && !isBlank(chunk[at + 1])) return at + 1
  }
  return -1
}

/** Where the last field of the chunk begins; 0 when none begins in it. */
function lastFieldStart(chunk: Uint8Array): number {
  for (let at = chunk.lastIndexOf(lf); at !== -1; at = at === 0 ? -1 : chunk.lastIndexOf(lf, at - 1)) {
    if (at + 1 < chunk.length && !isBlank(chunk[at + 1])) return at + 1
  }
  return 0
}

function isBlank(octet: number | undefined): boolean {
  return octet === space || octet === tab
}
