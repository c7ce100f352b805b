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
  /** So many more came with them and are not kept. */
  readonly omitted?: number
}

/** Of what is received no more than this is kept: a message may have a gigabyte. */
const maxKeptOctets = 4 * 1024 * 1024

export class Transcript {
  readonly #entries: TranscriptEntry[] = []
  readonly #startedAtMs = performance.now()
  #receivedOctets = 0

  get entries(): readonly TranscriptEntry[] {
    return this.#entries
  }

  add(wire: string, direction: Direction, octets: Uint8Array): void {
    const atMs = performance.now() - this.#startedAtMs
    if (direction !== 'received') {
      this.#entries.push({ atMs, wire, direction, octets })
      return
    }
    const room = Math.max(0, maxKeptOctets - this.#receivedOctets)
    this.#receivedOctets += octets.length
    this.#keep(atMs, wire, octets.subarray(0, room), Math.max(0, octets.length - room))
  }

  #keep(atMs: number, wire: string, octets: Uint8Array, omitted: number): void {
    const last = this.#entries.at(-1)
    if (octets.length === 0 && last?.wire === wire && last.omitted !== undefined) {
      this.#entries.pop()
      this.#entries.push({ ...last, omitted: last.omitted + omitted })
      return
    }
    this.#entries.push({ atMs, wire, direction: 'received', octets, ...(omitted > 0 && { omitted }) })
  }

  note(wire: string, text: string): void {
    this.add(wire, 'note', Buffer.from(text))
  }
}
