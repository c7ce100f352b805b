// Port: bringing back what was expunged, and freeing for good what nobody asked for in time.
import type { Account } from './account.ts'
import type { Housework } from './housework.ts'

/** Which deleted messages; what is named must all hold. */
export interface UndeleteFilter {
  /** Deleted at this time or later. */
  readonly since?: Date
  /** Deleted by this session. */
  readonly sessionId?: string
  readonly uidl?: string
}

/** What `clean` freed. */
export interface Cleaning extends Housework {
  readonly contents: number
}

export interface RecoveryStore {
  /**
   * Makes deleted messages that are still kept appear again, at the end of the folder they were in, UIDLs unchanged;
   * those that POP3 was only to show no longer, where they stand. Returns how many came back. What lies in Trash is not
   * deleted: it stays there.
   */
  undelete(account: Account, filter?: UndeleteFilter): Promise<number>

  /** Messages that `undelete` would bring back. */
  countExpunged(account: Account, filter?: UndeleteFilter): Promise<number>

  /**
   * Whether the account has a message of this UIDL, in whatever folder, and whether POP3 shows it; undefined when `undelete`
   * would not find it either.
   */
  messageState(account: Account, uidl: string): Promise<'present' | 'hidden' | 'deleted' | undefined>

  /**
   * Frees messages expunged before `expungedBefore`, contents without any message left, and octets of deliveries
   * that were never committed, in small steps.
   */
  clean(expungedBefore: Date, signal?: AbortSignal): Promise<Cleaning>
}
