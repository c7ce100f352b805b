// An account: one person or device with one INBOX, a password and a quota.
import type { Id } from './id.ts'
import type { MaildropSettings } from './maildrop-settings.ts'

/**
 * `local-part` or `local-part@domain`, in the form of `foldAddress`. A name without a domain receives at every
 * local domain.
 */
export type AccountName = string

/**
 * In place of a password's hash: the account was made for another source than the store, which keeps its password. No
 * password fits it. Who leaves that source has no account in a store that stands beside it.
 */
export const keptElsewhere = '{EXTERNAL}'

export interface Account {
  readonly id: Id
  readonly name: AccountName
  /** A PHC string (`$argon2id$...`) or a crypt string (`{SHA512-CRYPT}$6$...`); undefined when no password was set yet. */
  readonly passwordHash: string | undefined
  /** SCRAM keys of the same password in the form of RFC 5803, one for each hash function; empty where there are none. */
  readonly scramKeys: readonly string[]
  /** The password itself, sealed with a key outside the database; only of accounts that opted in to CRAM-MD5 and APOP. */
  readonly sealedPassword: string | undefined
  /** Mail still comes in, but nobody is let in. */
  readonly isDisabled: boolean
  /** Octets the account may hold; 0 means without limit. */
  readonly quotaOctets: number
  /** Octets of all messages that are not expunged. */
  readonly usedOctets: number
  readonly usedMessages: number
  /** The mailbox that POP3 shows and that mail is delivered to. */
  readonly inboxId: Id
  readonly createdAt: Date
  /** What its maildrop is like where that differs from the configuration. */
  readonly settings: MaildropSettings
}
