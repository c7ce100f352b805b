// Port: bringing back what was expunged, and freeing for good what nobody asked for in time.
import type { Account } from './account.ts'

export interface RecoveryStore {
  /**
   * Makes expunged messages that are still kept appear again, at the end of the maildrop, UIDLs unchanged; `since`
   * limits it to those expunged at or after that time. Returns how many came back.
   */
  undelete(account: Account, since?: Date): Promise<number>

  /** Messages that `undelete` would bring back. */
  countExpunged(account: Account, since?: Date): Promise<number>

  /**
   * Frees messages expunged before `expungedBefore`, contents without any message left, and octets of deliveries
   * that were never committed, in small steps. Returns what was freed.
   */
  clean(expungedBefore: Date, signal?: AbortSignal): Promise<{ messages: number; contents: number }>
}
