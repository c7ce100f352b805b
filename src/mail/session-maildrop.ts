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
  /** Indexes of messages that the peer has, where that matters. RFC 2449 section 6.7. */
  #retrieved: Set<number> | undefined

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

  /** The message went out whole. RSET takes nothing of it back. */
  noteRetrieved(index: number): void {
    this.#retrieved ??= new Set()
    this.#retrieved.add(index)
  }

  /** Those of the messages that went out which are not marked. */
  get retrievedIndexes(): readonly number[] {
    return [...(this.#retrieved ?? [])].filter(index => !this.isMarked(index))
  }

  /** Keeps, durably, that messages went out. */
  async keepRetrieved(): Promise<void> {
    const indexes = this.retrievedIndexes
    if (indexes.length > 0) await this.#maildrop.noteRetrieved?.(indexes)
  }

  /**
   * Removes what is marked, and what of `retrieved` is to go as well, durably, and gives the lock back. After a failure it
   * is still to be released.
   */
  async update(retrieved: readonly number[] = []): Promise<void> {
    const indexes: number[] = []
    for (let index = 0; index < this.listing.count; index++) {
      if (this.isMarked(index)) indexes.push(index)
    }
    await this.#maildrop.update(indexes, retrieved)
  }

  release(): Promise<void> {
    return this.#maildrop.release()
  }
}
