// Port: the maildrop as POP3 needs it. RFC 1939 sections 4 to 6: opening takes an exclusive lock and fixes the
// numbering; messages are read; UPDATE removes the marked ones in one durable step.
import type { Account } from './account.ts'
import type { DeletePolicy } from './maildrop-settings.ts'
import type { Octets } from './octets.ts'

/**
 * What a session sees of its maildrop, frozen when the lock was taken. Columns rather than objects, so that 100,000
 * messages stay small. Index 0 is message number 1. A listing is immutable and may be shared by sessions.
 */
export interface ScanListing {
  readonly count: number
  /** Octets of each message as RETR sends it, unstuffed. */
  readonly octets: Float64Array
  /** Unique-ids: 1 to 70 characters 0x21-0x7E, unique in the maildrop for ever. RFC 1939 section 7. */
  readonly uidls: readonly string[]
  readonly totalOctets: number
  /** The same messages as they are read in the form `ascii`; absent when no message differs. */
  readonly ascii?: ScanListing
}

/**
 * How a message is read: as it is kept, or with its header downgraded for clients that do not speak UTF-8. Most messages
 * have one form only. RFC 6856 section 2.
 */
export type MessageForm = 'utf8' | 'ascii'

/** One message as it is read: `octets` in all, trace fields included, CRLF line ends, unstuffed. */
export interface MessageOctets {
  readonly octets: number
  /** Octets of the header and the empty line after it; equals `octets` when there is no empty line. */
  readonly headerOctets: number
  /** Lines that begin with a dot; 0 means the body can be sent as it is stored. */
  readonly dotLines: number
  /** Yields the octets once, from the beginning. Throws in mid-message if the store can't read on. */
  readonly body: Octets
}

export interface Maildrop {
  readonly listing: ScanListing

  /**
   * The message at `index` (0-based), as it is kept unless `form` says otherwise. What another protocol expunges
   * meanwhile stays readable. Refuses with `message-gone` when the octets no longer exist.
   */
  read(index: number, form?: MessageForm): Promise<MessageOctets>

  /**
   * The UPDATE state: in one durable transaction checks the lease, does with the messages at `indexes` as the maildrop
   * was opened for, and releases the lease. Messages that are already gone count as removed. Refuses with `lease-lost`, `store-full`,
   * `store-busy`; after a refusal nothing was deleted and the maildrop is still to be released. Those of `retrieved` go for
   * having been retrieved, RFC 2449 section 6.7: the audit says so.
   */
  update(indexes: readonly number[], retrieved?: readonly number[]): Promise<void>

  /**
   * Keeps since when the messages at `indexes` are known to be retrieved, for retention rules that count from there. A store
   * that knows no such rules needs none.
   */
  noteRetrieved?(indexes: readonly number[]): Promise<void>

  /** Gives the lease back; nothing is deleted. Safe to call at any time, and twice. */
  release(): Promise<void>
}

/** How messages of another folder are told from the others; message/marked-subject.ts does it. */
export interface SubjectMark {
  /** Printable ASCII without spaces around it. */
  readonly text: string
  /** Named in X-Poplar-Folder: printable ASCII. */
  readonly folder: string
}

/** What of an account is shown, and what becomes of messages that are deleted. Default: INBOX, whole; they are expunged. */
export interface MaildropOptions {
  /** The folder, in any case. INBOX, Junk and Trash are there, if empty, before they are made. */
  readonly folder?: string
  /** Behind it the messages of Junk, their Subject marked. */
  readonly junk?: SubjectMark
  /** Only what came in at this time, in milliseconds, or later. */
  readonly since?: number
  /** Only so many messages, those that came in last. */
  readonly newest?: number
  /** Only what was sent to this local part, folded; see `DeliveryCopy.addressee`. */
  readonly addressee?: string
  readonly onDelete?: DeletePolicy
}

/** Who asks for the lock; shown by `poplar locks list`. */
export interface LeaseHolder {
  readonly sessionId: string
  /** The peer's address, or the program's name. */
  readonly peer: string
  /** Such as `pop3`; for the audit of deletions, as the next. */
  readonly protocol?: string
  /** The name of the app password that let the session in. */
  readonly appPassword?: string | undefined
}

export interface MaildropStore {
  /**
   * Takes the lock, then the listing. Refuses at once with `maildrop-in-use` when another holder's lease is live, whatever
   * it shows of the account; with `no-such-folder`.
   */
  openMaildrop(account: Account, holder: LeaseHolder, options?: MaildropOptions): Promise<Maildrop>
}

export interface Lease extends LeaseHolder {
  readonly accountName: string
  readonly since: Date
  readonly expiresAt: Date
}

/** The locks seen from outside; for operators. */
export interface MaildropLocks {
  /** Live leases, oldest first. */
  listLeases(): Promise<readonly Lease[]>
  /** Ends the lease: its session can no longer delete anything. False when there was none. */
  breakLease(accountName: string): Promise<boolean>
}
