// The maildrop of one session: marks, totals and the numbers clients use. Two number spaces, named so everywhere: a
// message *number* is the client's, 1 to count; an *index* is ours, 0 to count - 1. Numbers never move: DELE hides a
// message, RSET shows it again. RFC 1939 section 5.
import type { Maildrop, MessageForm, MessageOctets, ScanListing } from './maildrop-store.ts'

export type Found = { readonly index: number } | { readonly missing: 'no-such-message' | 'deleted' }

const noSuchMessage: Found = { missing: 'no-such-message' }
const deleted: Found = { missing: 'deleted' }

export class SessionMaildrop {
  readonly listing: ScanListing
  readonly #maildrop: Maildrop
  readonly #form: MessageForm
  /** One octet per message, 1 where it is marked; made by the first DELE. */
  #marks: Uint8Array | undefined
  #markedCount = 0
  #markedOctets = 0
  #lastAccessed: number = 0

  constructor(maildrop: Maildrop, form: MessageForm = 'ascii') {
    this.#maildrop = maildrop
    this.#form = form
    const { listing } = maildrop
    this.listing = form === 'ascii' ? (listing.ascii ?? listing) : listing
  }

  /** Messages not marked as deleted. */
  get count(): number {
    return this.listing.count - this.#markedCount
  }

  /** Their octets. */
  get octets(): number {
    return this.listing.totalOctets - this.#markedOctets
  }

  get markedCount(): number {
    return this.#markedCount
  }

  /** The highest message number that RETR or DELE was used on; 0 for none. RFC 1460, LAST. */
  get lastAccessed(): number {
    return this.#lastAccessed
  }

  find(number: number): Found {
    const index = number - 1
    if (index >= this.listing.count) return noSuchMessage
    return this.isMarked(index) ? deleted : { index }
  }

  isMarked(index: number): boolean {
    return this.#marks?.[index] === 1
  }

  /** Marks a message that `find` has found. */
  mark(index: number): void {
    this.#marks ??= new Uint8Array(this.listing.count)
    this.#marks[index] = 1
    this.#markedCount += 1
    this.#markedOctets += this.listing.octets[index] ?? 0
  }

  noteAccess(index: number): void {
    this.#lastAccessed = Math.max(this.#lastAccessed, index + 1)
  }

  /** RSET: no marks, and LAST as at the beginning of the session. */
  reset(): void {
    this.#marks = undefined
    this.#markedCount = 0
    this.#markedOctets = 0
    this.#lastAccessed = 0
  }

  read(index: number): Promise<MessageOctets> {
    return this.#maildrop.read(index, this.#form)
  }

  /** Removes what is marked, durably, and gives the lock back. After a failure it is still to be released. */
  async update(): Promise<void> {
    const indexes: number[] = []
    for (let index = 0; index < this.listing.count; index++) {
      if (this.isMarked(index)) indexes.push(index)
    }
    await this.#maildrop.update(indexes)
  }

  release(): Promise<void> {
    return this.#maildrop.release()
  }
}
