// What went over the wires while a case ran: every octet, in the order in which it was sent and seen.

export type Direction = 'sent' | 'received' | 'note'

export interface TranscriptEntry {
  /** Milliseconds since the case began. */
  readonly atMs: number
  /** The connection, by the name that the case gives it. */
  readonly wire: string
  readonly direction: Direction
  /** Of a note its text, in UTF-8. */
  readonly octets: Uint8Array
}

export class Transcript {
  readonly #entries: TranscriptEntry[] = []
  readonly #startedAtMs = performance.now()

  get entries(): readonly TranscriptEntry[] {
    return this.#entries
  }

  add(wire: string, direction: Direction, octets: Uint8Array): void {
    this.#entries.push({ atMs: performance.now() - this.#startedAtMs, wire, direction, octets })
  }

  note(wire: string, text: string): void {
    this.add(wire, 'note', Buffer.from(text))
  }
}
