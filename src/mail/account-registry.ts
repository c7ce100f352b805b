// Port: changing who has an account. The command line uses it; every change is durable when its promise resolves.
import type { Account, AccountName } from './account.ts'
import type { AccountDirectory } from './account-directory.ts'

export interface NewAccount {
  readonly name: AccountName
  readonly passwordHash?: string
  readonly quotaOctets?: number
}

export interface Alias {
  readonly address: string
  readonly accountName: AccountName
}

export interface AccountRegistry extends AccountDirectory {
  /** Creates the account and its INBOX. Refuses with `account-exists`. */
  addAccount(account: NewAccount): Promise<Account>
  /** Refuses with `no-such-account`. */
  setPasswordHash(name: AccountName, passwordHash: string): Promise<void>
  /** Refuses with `no-such-account`. 0 means without limit. */
  setQuota(name: AccountName, quotaOctets: number): Promise<void>
  /** Removes the account, its aliases and all its mail. Refuses with `no-such-account`. */
  removeAccount(name: AccountName): Promise<void>
  /** In order of name. */
  listAccounts(): Promise<readonly Account[]>

  /** One address may lead to several accounts. Refuses with `alias-exists`, `no-such-account`. */
  addAlias(alias: Alias): Promise<void>
  /** Without `accountName`, removes the address from every account. Refuses with `no-such-alias`. */
  removeAlias(address: string, accountName?: AccountName): Promise<void>
  /** In order of address, then name. */
  listAliases(): Promise<readonly Alias[]>
}
