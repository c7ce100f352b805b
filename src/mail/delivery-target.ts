// Port: where a message is laid down, in two phases as a maildir does it: write the octets aside, then commit them
// to every recipient at once. What was not committed never existed.
import type { Account } from './account.ts'
import type { CollectedRecord } from './collection-ledger.ts'
import type { Flag } from './flags.ts'
import type { Id } from './id.ts'

/** What is known of the content once its last octet was written. */
export interface ContentFacts {
  /** Octets of the header and the empty line after it; equals `octets` when there is no empty line. */
  readonly headerOctets: number
  /** Lines that begin with a dot. */
  readonly dotLines: number
  /** Octets of the header once it is downgraded (message/downgrade.ts); undefined when that changes nothing. */
  readonly asciiHeaderOctets?: number | undefined
}

/** One copy: who gets it, and what stands before the shared content for this recipient alone. */
export interface DeliveryCopy {
  readonly account: Account
  /** Whole header lines, CRLF-terminated, none beginning with a dot (Return-Path, Delivered-To); may be empty. */
  readonly trace: Uint8Array
  readonly internalDate: Date
  readonly flags?: readonly Flag[]
  /** Kept from elsewhere by an import, 1 to 70 characters 0x21-0x7E; otherwise the store makes one. */
  readonly uidl?: string
  /** The folder, in any case; one that the account does not have means INBOX, where nothing is lost. */
  readonly folder?: string
  /** The local part the message was sent to, folded, where that is none of the account's own names. */
  readonly addressee?: string
  /** Room is made for it whatever the quota. */
  readonly isExemptFromQuota?: true
  /** POP3 does not show it: it comes back from a backup as it was. */
  readonly isHidden?: true
}

/** `already-collected`: only of a delivery with a record. */
export type CopyRefusal = 'over-quota' | 'no-such-account' | 'duplicate-uidl' | 'already-collected'

export type CopyOutcome =
  | { readonly delivered: true; readonly uidl: string }
  | { readonly delivered: false; readonly reason: CopyRefusal }

/**
 * Which copies stand or fall together: all of them, each alone, or those of a group, by their index. Of such copies
 * one refused leaves the others undelivered, with its reason; a copy of several groups is delivered, once, when one of
 * them is.
 */
export type DeliveryMode = 'all' | 'each' | readonly (readonly number[])[]

export interface Delivery {
  /** The shared content's id; goes into logs and the Received field. */
  readonly id: Id

  /**
   * Takes the next octets of the content: wire form, CRLF line ends, the last line ended. The chunk must not be
   * changed afterwards. Wait for the promise before writing more: large messages are laid down piece by piece.
   */
  write(chunk: Uint8Array): Promise<void>

  /**
   * Makes the message exist for its copies in one durable transaction. Outcomes come in the order of `copies`.
   * Refuses with `store-full`, `store-busy`, `bad-uidl`: then nothing was delivered.
   *
   * `collected`, with the mode `all` only, is written to the ledger in that transaction, exactly when the copies are
   * delivered. The last of its `destinations` is the one that this delivery is for; where the ledger says that it has the
   * message already, nothing is laid down or written, and every outcome is `already-collected`.
   */
  commit(
    facts: ContentFacts,
    copies: readonly DeliveryCopy[],
    mode: DeliveryMode,
    collected?: CollectedRecord,
  ): Promise<readonly CopyOutcome[]>

  /** Forgets what was written. Safe after `commit`, and twice. */
  abort(): Promise<void>
}

export interface DeliveryTarget {
  begin(): Delivery
}
