// From what a client calls itself to an account. The exact name wins; `name@local domain` also means the account `name`.
// Names are compared folded, and once more as SASLprep makes them (RFC 4013), which folds more. What a name asks for beside
// an account, such as a folder, is read as ../mail/login-name.ts has it.
import type { Account } from '../mail/account.ts'
import type { AccountDirectory } from '../mail/account-directory.ts'
import { foldAddress, foldDomain } from '../mail/fold.ts'
import type { Folders } from '../mail/folders.ts'
import { createId } from '../mail/id.ts'
import { baseOfLoginName, type LoginNameRules, readLoginName } from '../mail/login-name.ts'
import { prepareName } from './prepare.ts'

/** In UTF-16 units. Longer ones are no names of ours, and not worth the time that SASLprep would take. */
const maxPreparedLength = 1024

/** How names may ask for a part of an account; without it they may not. */
export interface LoginViewOptions {
  /** As in `LoginNameRules`. */
  readonly separator?: string
  readonly hosts?: readonly string[]
  readonly folders?: Pick<Folders, 'hasFolder'>
}

export class AccountFinder {
  readonly #directory: AccountDirectory
  readonly #rules: LoginNameRules
  readonly #folders: Pick<Folders, 'hasFolder'> | undefined
  readonly #nobody = createId()

  constructor(
    directory: AccountDirectory,
    localDomains: readonly string[] = [],
    { separator = '', hosts = [], folders }: LoginViewOptions = {},
  ) {
    this.#directory = directory
    this.#rules = {
      localDomains: new Set(localDomains.map(foldDomain)),
      separator,
      hosts: new Set(hosts),
    }
    this.#folders = folders
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
    const exact = this.#exactNamesOf(claimed)
    const names = prepared === claimed ? exact : [...exact, ...this.#exactNamesOf(prepared)]
    const readings = readLoginName(claimed, this.#rules)
    if (readings.length === 0 && names === exact) return names
    return [...new Set([...names, ...readings.map(({ accountName }) => accountName)])]
  }

  /** Whether a name may ask for more than an account, or for less: told by its characters. */
  mayAskForPart(claimed: string): boolean {
    const { separator } = this.#rules
    return claimed.includes(':') || (separator !== '' && claimed.includes(separator))
  }

  /** Whether a name asks for a folder that its account does not have: nobody comes in by it. */
  async asksForNothing(claimed: string): Promise<boolean> {
    const readings = readLoginName(claimed, this.#rules)
    if (readings.length === 0 || !this.#folders) return false
    const account = await this.find(claimed)
    const source = readings.find(({ accountName }) => accountName === account?.name)?.view.source
    // For somebody who has no account the same is asked, so that it takes as long.
    if (source?.kind !== 'folder' && account) return false
    const name = source?.kind === 'folder' ? source.name : ''
    return !(await this.#folders.hasFolder(account?.id ?? this.#nobody, name))
  }

  /**
   * One text for all spellings of a name, whether it is an account's or not. Accounts of several local domains may share
   * it: it says who may be meant, not who is.
   */
  keyOf(claimed: string): string {
    const name = this.baseOf(claimed)
    return this.#withoutLocalDomain(name) ?? name
  }

  /** The name without what it asks for beside an account: whoever has no account looks alike with and without it. */
  baseOf(claimed: string): string {
    // Prepared first: an account with the separator in its own name is found by every spelling of it, and has one key.
    const prepared = preparedOf(claimed)
    return baseOfLoginName(prepared, this.#rules) ?? foldAddress(prepared)
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
    return at > 0 && this.#rules.localDomains.has(name.slice(at + 1)) ? name.slice(0, at) : undefined
  }
}

function preparedOf(claimed: string): string {
  return (claimed.length <= maxPreparedLength && prepareName(claimed)) || claimed
}
