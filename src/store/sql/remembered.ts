// What was read of messages and is likely to be read again: mail to many, a message that two devices take, a TOP and then a
// RETR. Neither a content nor what a message says of it ever changes, so nothing here can be wrong; what was freed for
// good is forgotten.
import { LRUCache } from 'lru-cache'
import type { Id } from '../../mail/id.ts'

/** What a message says of its octets. */
export interface FoundOctets {
  readonly content_id: Id
  readonly trace: Uint8Array
  readonly content_octets: number
  readonly header_octets: number
  readonly dot_lines: number
}

export interface FoundMessage extends FoundOctets {
  /** In its downgraded form; null when it has no form but the one. */
  readonly ascii_octets: number | null
}

interface HitCounts {
  hits: number
  misses: number
}

const messagesOctets = 4 * 1024 * 1024
/** Larger contents are not remembered: one of them would push out all others. */
const largestContentOctets = 1024 * 1024
/** What an entry takes besides its octets. */
const entryOctets = 256

export class Remembered {
  readonly #chunks: LRUCache<string, Uint8Array> | undefined
  readonly #messages = new LRUCache<string, FoundMessage>({
    maxSize: messagesOctets,
    sizeCalculation: ({ trace }) => trace.length + entryOctets,
  })

  /** Of contents. */
  readonly counts: HitCounts = { hits: 0, misses: 0 }

  /** `chunksOctets`: how much of contents is remembered; 0 for none. */
  constructor(chunksOctets: number) {
    if (chunksOctets === 0) return
    this.#chunks = new LRUCache({
      maxSize: chunksOctets,
      sizeCalculation: chunk => chunk.length + entryOctets,
    })
  }

  /** What is remembered of contents. */
  get octets(): number {
    return this.#chunks?.calculatedSize ?? 0
  }

  message(mailbox_id: Id, uidl: string): FoundMessage | undefined {
    return this.#messages.get(mailbox_id + uidl)
  }

  setMessage(mailbox_id: Id, uidl: string, found: FoundMessage): void {
    this.#messages.set(mailbox_id + uidl, found)
  }

  chunk(content_id: Id, seq: number): Uint8Array | undefined {
    const chunk = this.#chunks?.get(chunkKey(content_id, seq))
    if (chunk) this.counts.hits += 1
    else this.counts.misses += 1
    return chunk
  }

  setChunk({ content_id, content_octets }: FoundOctets, seq: number, chunk: Uint8Array): void {
    if (content_octets <= largestContentOctets) this.#chunks?.set(chunkKey(content_id, seq), chunk)
  }

  forgetAll(): void {
    this.#chunks?.clear()
    this.#messages.clear()
  }
}

function chunkKey(content_id: Id, seq: number): string {
  return seq === 0 ? content_id : content_id + seq
}
