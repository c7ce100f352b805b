// Port: changing who has an account. The command line uses it; every change is durable when its promise resolves.
import type { Account, AccountName } from './account.ts'
import type { AccountDirectory } from './account-directory.ts'
import type { MaildropSettings, SettingsChange } from './maildrop-settings.ts'

/** What is kept of a password; see `Account`. */
export interface StoredPassword {
  readonly passwordHash: string
  readonly scramKeys?: readonly string[]
  readonly sealedPassword?: string
}

export interface PasswordSurvey {
  /** Some account keeps its password itself: APOP, and where it is asked for CRAM-MD5, can be used. */
  readonly someAreSealed: boolean
  /** Some account has a password and does not keep it: clients that prefer CRAM-MD5 would find it locked. */
  readonly someAreNotSealed: boolean
  /** Some account has a password and no SCRAM keys: clients that prefer SCRAM would find it locked. */
  readonly someLackScramKeys: boolean
}

export interface NewAccount extends Partial<StoredPassword> {
  readonly name: AccountName
  readonly quotaOctets?: number
}

export interface Alias {
  readonly address: string
  readonly accountName: AccountName
}

export interface AccountRegistry extends AccountDirectory {
  /** Creates the account and its INBOX. Refuses with `account-exists`. */
  addAccount(account: NewAccount): Promise<Account>
  /**
   * Takes the place of all that was kept of the old password. With `insteadOf`, a password hash, only as long as the
   * account has that one, so that what is kept anew after a login never undoes a change made meanwhile. Refuses with
   * `no-such-account`.
   */
  setPassword(name: AccountName, password: StoredPassword, insteadOf?: string): Promise<void>
  /** Refuses with `no-such-account`. */
  setDisabled(name: AccountName, isDisabled: boolean): Promise<void>
  /** How the passwords of all accounts are kept: which mechanisms are of any use follows from it. */
  surveyPasswords(): Promise<PasswordSurvey>
  /** Refuses with `no-such-account`. 0 means without limit. */
  setQuota(name: AccountName, quotaOctets: number): Promise<void>
  /** Refuses with `no-such-account`. What is not named stays as it is. */
  changeSettings(name: AccountName, change: SettingsChange): Promise<void>
  /** What accounts have set for themselves, each set of settings once: how far they differ follows from it. */
  surveySettings(): Promise<readonly MaildropSettings[]>
  /** Removes the account, its aliases and all its mail; `actor` is who does it. Refuses with `no-such-account`. */
  removeAccount(name: AccountName, actor?: string): Promise<void>
  /** In order of name. */
  listAccounts(): Promise<readonly Account[]>

  /** One address may lead to several accounts. Refuses with `alias-exists`, `no-such-account`. */
  addAlias(alias: Alias): Promise<void>
  /** Without `accountName`, removes the address from every account. Refuses with `no-such-alias`. */
  removeAlias(address: string, accountName?: AccountName): Promise<void>
  /** In order of address, then name. */
  listAliases(): Promise<readonly Alias[]>
}
