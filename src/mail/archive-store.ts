// Port: reading a mailbox outside a session, for export and for listings. Takes no lock; sees the mailbox as it is.
import type { Account } from './account.ts'
import type { Flag } from './flags.ts'
import type { MessageOctets } from './maildrop-store.ts'

export interface StoredMessage extends MessageOctets {
  readonly uidl: string
  readonly internalDate: Date
  readonly flags: readonly Flag[]
}

export interface ArchiveStore {
  /** Every message of the INBOX that is not expunged, in the order of POP3's numbers. */
  messages(account: Account): AsyncIterable<StoredMessage>
  countMessages(account: Account): Promise<number>
}
