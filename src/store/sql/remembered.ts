// What was read of messages and is likely to be read again: mail to many, a message that two devices take, a TOP and then a
// RETR. Neither a content nor what a message says of it ever changes, so nothing here can be wrong; what was freed for
// good is forgotten.
import { LRUCache } from 'lru-cache'
import type { Id } from '../../mail/id.ts'

/** What a message says of its octets. */
export interface FoundMessage {
  readonly content_id: Id
  readonly trace: Uint8Array
  readonly content_octets: number
  readonly header_octets: number
  readonly dot_lines: number
}

const contentOctets = 32 * 1024 * 1024
const messageOctets = 4 * 1024 * 1024
/** What an entry takes besides its octets. */
const entryOctets = 256

export class Remembered {
  /** Contents of one chunk. */
  readonly contents = new LRUCache<Id, Uint8Array>({
    maxSize: contentOctets,
    sizeCalculation: chunk => chunk.length + entryOctets,
  })
  readonly #messages = new LRUCache<string, FoundMessage>({
    maxSize: messageOctets,
    sizeCalculation: ({ trace }) => trace.length + entryOctets,
  })

  message(mailbox_id: Id, uidl: string): FoundMessage | undefined {
    return this.#messages.get(mailbox_id + uidl)
  }

  setMessage(mailbox_id: Id, uidl: string, found: FoundMessage): void {
    this.#messages.set(mailbox_id + uidl, found)
  }

  forgetAll(): void {
    this.contents.clear()
    this.#messages.clear()
  }
}
