// An AccountDirectory of an external source: names and passwords are the source's, the mail lies in the store, in an
// account that is made there when its name is first seen. Aliases are the store's.
import { type Account, type AccountName, keptElsewhere } from '../../mail/account.ts'
import type { AccountDirectory } from '../../mail/account-directory.ts'
import { parseAccountName } from '../../mail/account-name.ts'
import type { AccountRegistry } from '../../mail/account-registry.ts'
import { isRefusal } from '../../mail/errors.ts'
import { Gate } from './gate.ts'
import type { AccountSource, DirectoryOptions, SourceEntry } from './source.ts'

const maxSchemesWarnedOf = 16

export function sourcedDirectory<Entry extends SourceEntry>(
  registry: AccountRegistry,
  source: AccountSource<Entry>,
  { log, schemes }: DirectoryOptions,
): AccountDirectory {
  const gate = new Gate(source.label, log)
  const entries = new WeakMap<Account, Entry>()
  const warnedOf = new Set<string>()

  async function entryOf(name: AccountName): Promise<Entry | undefined> {
    return isAccountName(name) ? gate.pass(() => source.find(name)) : undefined
  }

  /** Once for each scheme: a password that nobody can use looks like a wrong one to its owner. */
  function warnOfScheme(name: AccountName, stored: string): void {
    const scheme = /^\{[\w.-]{1,32}\}/.exec(stored)?.[0] ?? 'none'
    if (warnedOf.has(scheme) || warnedOf.size >= maxSchemesWarnedOf || schemes.isVerifiable(stored)) return
    warnedOf.add(scheme)
    log.warn(
      { directory: source.label, account: name, scheme },
      'a stored password is of a kind that cannot be verified',
    )
  }

  async function accountOf(asked: AccountName, entry: Entry): Promise<Account> {
    const { passwordHash } = entry
    const name = entry.name ?? asked
    const stored = await storedAccount(registry, name)
    if (entry.quotaOctets !== undefined && entry.quotaOctets !== stored.quotaOctets)
      await registry.setQuota(name, entry.quotaOctets)
    if (passwordHash !== undefined) warnOfScheme(name, passwordHash)
    return {
      ...stored,
      passwordHash,
      scramKeys: passwordHash === undefined ? [] : schemes.scramKeysOf(passwordHash),
      sealedPassword: undefined,
      isDisabled: stored.isDisabled || entry.isDisabled,
      quotaOctets: entry.quotaOctets ?? stored.quotaOctets,
    }
  }

  const directory: AccountDirectory = {
    async findAccount(name) {
      const entry = await entryOf(name)
      if (!entry) return undefined
      const account = await accountOf(name, entry)
      entries.set(account, entry)
      return account
    },

    findAlias: address => registry.findAlias(address),
  }
  if (!source.checkPassword) return directory
  return {
    ...directory,
    async checkPassword(account, password) {
      const entry = entries.get(account) ?? (await entryOf(account.name))
      return entry ? gate.pass(async () => (await source.checkPassword?.(entry, password)) ?? false) : false
    },
  }
}

/** Only a folded name is one: every other spelling is folded by who took it from outside. */
function isAccountName(name: string): boolean {
  try {
    return parseAccountName(name) === name
  } catch (error) {
    if (isRefusal(error, 'bad-name')) return false
    throw error
  }
}

/** Several may see a name for the first time at once: one makes the account. */
async function storedAccount(registry: AccountRegistry, name: AccountName): Promise<Account> {
  const known = await registry.findAccount(name)
  if (known) return known
  try {
    return await registry.addAccount({ name, passwordHash: keptElsewhere })
  } catch (error) {
    const made = isRefusal(error, 'account-exists') ? await registry.findAccount(name) : undefined
    if (made) return made
    throw error
  }
}
