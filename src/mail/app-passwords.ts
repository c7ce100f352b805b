// Port: app passwords, made by the office for one device or program each, so that losing one means revoking one.
import type { AccountName } from './account.ts'
import type { Id } from './id.ts'
import type { MaildropSettings } from './maildrop-settings.ts'

/** What an app password may be used for. */
export interface AppPasswordScope {
  /** `pop3`, `imap`, `smtp`; empty means all. */
  readonly protocols: readonly string[]
  readonly readOnly: boolean
  /** Addresses and CIDR ranges it may be used from; empty means anywhere. */
  readonly networks: readonly string[]
  /** What the maildrop is like for it, where that differs from the account's settings. */
  readonly settings: MaildropSettings
}

export interface NewAppPassword extends AppPasswordScope {
  /** Unique in its account; 1 to 64 characters. */
  readonly name: string
  /** `{SHA256}` of the password: it is random and long enough to need no slow hash. */
  readonly passwordHash: string
  /** In the form of RFC 5803, with the account's salt. */
  readonly scramKeys: readonly string[]
}

export interface AppPassword extends NewAppPassword {
  readonly id: Id
  readonly createdAt: Date
  readonly lastUsedAt: Date | undefined
  /** Where that was from. */
  readonly lastUsedFrom: string | undefined
}

export interface AppPasswords {
  /** Refuses with `no-such-account`, `app-password-exists`. */
  addAppPassword(accountName: AccountName, appPassword: NewAppPassword): Promise<AppPassword>
  /** Oldest first; empty for an unknown account. */
  listAppPasswords(accountId: Id): Promise<readonly AppPassword[]>
  /** Counts from this moment. Refuses with `no-such-account`, `no-such-app-password`. */
  revokeAppPassword(accountName: AccountName, name: string): Promise<void>
  /** Remembers the last use; nothing happens if it was revoked meanwhile. */
  noteAppPasswordUse(id: Id, at: Date, from: string): Promise<void>
}
