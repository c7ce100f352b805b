// From what a client calls itself to an account. The exact name wins; `name@local domain` also means the account `name`.
// Names are compared folded, and once more as SASLprep makes them (RFC 4013), which folds more.
import type { Account } from '../mail/account.ts'
import type { AccountDirectory } from '../mail/account-directory.ts'
import { foldAddress, foldDomain } from '../mail/fold.ts'
import { prepareName } from './prepare.ts'

/** In UTF-16 units. Longer ones are no names of ours, and not worth the time that SASLprep would take. */
const maxPreparedLength = 1024

export class AccountFinder {
  readonly #directory: AccountDirectory
  readonly #localDomains: ReadonlySet<string>

  constructor(directory: AccountDirectory, localDomains: readonly string[] = []) {
    this.#directory = directory
    this.#localDomains = new Set(localDomains.map(foldDomain))
  }

  async find(claimed: string): Promise<Account | undefined> {
    return this.findFirst(this.namesOf(claimed))
  }

  /**
   * Folded and no more, for names that a third party vouches for in a token or a certificate: those differ where
   * SASLprep sees one name, and their owners may not be the same.
   */
  async findExact(vouchedFor: string): Promise<Account | undefined> {
    return this.findFirst(this.#exactNamesOf(vouchedFor))
  }

  /** The names that an account may have that is claimed so; of those that exist, the first is meant. */
  namesOf(claimed: string): readonly string[] {
    const prepared = preparedOf(claimed)
    const names = this.#exactNamesOf(claimed)
    return prepared === claimed ? names : [...new Set([...names, ...this.#exactNamesOf(prepared)])]
  }

  /**
   * One text for all spellings of a name, whether it is an account's or not. Accounts of several local domains may share
   * it: it says who may be meant, not who is.
   */
  keyOf(claimed: string): string {
    const name = foldAddress(preparedOf(claimed))
    return this.#withoutLocalDomain(name) ?? name
  }

  /** The account that has the first of these names that is an account's. */
  async findFirst(names: readonly string[]): Promise<Account | undefined> {
    for (const name of names) {
      const account = await this.#directory.findAccount(name)
      if (account) return account
    }
    return undefined
  }

  #exactNamesOf(spelling: string): readonly string[] {
    const name = foldAddress(spelling)
    const local = this.#withoutLocalDomain(name)
    return local === undefined ? [name] : [name, local]
  }

  #withoutLocalDomain(name: string): string | undefined {
    const at = name.lastIndexOf('@')
    return at > 0 && this.#localDomains.has(name.slice(at + 1)) ? name.slice(0, at) : undefined
  }
}

function preparedOf(claimed: string): string {
  return (claimed.length <= maxPreparedLength && prepareName(claimed)) || claimed
}
