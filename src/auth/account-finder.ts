// From what a client calls itself to an account. The exact name wins; `name@local domain` also means the account `name`.
// Names are compared folded, and once more as SASLprep makes them (RFC 4013), which folds more.
import type { Account } from '../mail/account.ts'
import type { AccountDirectory } from '../mail/account-directory.ts'
import { foldAddress, foldDomain } from '../mail/fold.ts'
import { prepareName } from './prepare.ts'

export class AccountFinder {
  readonly #directory: AccountDirectory
  readonly #localDomains: ReadonlySet<string>

  constructor(directory: AccountDirectory, localDomains: readonly string[] = []) {
    this.#directory = directory
    this.#localDomains = new Set(localDomains.map(foldDomain))
  }

  async find(claimed: string): Promise<Account | undefined> {
    const prepared = prepareName(claimed) ?? claimed
    const exact = await this.findExact(claimed)
    if (exact || foldAddress(prepared) === foldAddress(claimed)) return exact
    return this.findExact(prepared)
  }

  /**
   * Folded and no more, for names that a third party vouches for in a token or a certificate: those differ where
   * SASLprep sees one name, and their owners may not be the same.
   */
  async findExact(vouchedFor: string): Promise<Account | undefined> {
    const name = foldAddress(vouchedFor)
    return (await this.#directory.findAccount(name)) ?? (await this.#findLocal(name))
  }

  /** One text for all spellings of a name, whether it is an account's or not. */
  keyOf(claimed: string): string {
    const name = foldAddress(prepareName(claimed) ?? claimed)
    return this.#withoutLocalDomain(name) ?? name
  }

  async #findLocal(name: string): Promise<Account | undefined> {
    const local = this.#withoutLocalDomain(name)
    return local === undefined ? undefined : this.#directory.findAccount(local)
  }

  #withoutLocalDomain(name: string): string | undefined {
    const at = name.lastIndexOf('@')
    return at > 0 && this.#localDomains.has(name.slice(at + 1)) ? name.slice(0, at) : undefined
  }
}
