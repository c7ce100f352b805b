// Port: who has an account here, and who receives at an address. Authentication and mail intake read it; other
// sources of accounts can stand behind it.
import type { Account, AccountName } from './account.ts'

export interface AccountDirectory {
  /** The account of exactly this folded name. */
  findAccount(name: AccountName): Promise<Account | undefined>

  /**
   * The accounts behind one alias: `local@domain`, `local` (at every local domain) or `@domain` (catch-all).
   * `address` is folded; no alias gives an empty list.
   */
  findAlias(address: string): Promise<readonly Account[]>

  /**
   * Of a directory that checks passwords itself, as by an LDAP bind. Asked for accounts without `passwordHash`. Refuses
   * with `directory-unavailable`, as the others may.
   */
  checkPassword?(account: Account, password: Uint8Array): Promise<boolean>
}
