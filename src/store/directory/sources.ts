// Several sources of accounts as one directory: the first that knows a name has it. One that cannot be asked refuses for
// all that come after it, so that nobody becomes somebody else while a server is down.
import { type Account, keptElsewhere } from '../../mail/account.ts'
import type { AccountDirectory } from '../../mail/account-directory.ts'
import type { AccountRegistry } from '../../mail/account-registry.ts'

/** Asks in order. `findAlias` gives what the first source that knows the alias says. */
export function createDirectory(sources: readonly AccountDirectory[]): AccountDirectory {
  const [only] = sources
  if (only && sources.length === 1) return only
  const owners = new WeakMap<Account, AccountDirectory>()

  return {
    async findAccount(name) {
      for (const source of sources) {
        const account = await source.findAccount(name)
        if (!account) continue
        owners.set(account, source)
        return account
      }
      return undefined
    },

    async findAlias(address) {
      for (const source of sources) {
        const accounts = await source.findAlias(address)
        if (accounts.length > 0) return accounts
      }
      return []
    },

    async checkPassword(account, password) {
      const owner = owners.get(account) ?? (await ownerOf(sources, account))
      return (await owner?.checkPassword?.(account, password)) ?? false
    },
  }
}

/** For an account that somebody made a copy of. */
async function ownerOf(
  sources: readonly AccountDirectory[],
  { name }: Account,
): Promise<AccountDirectory | undefined> {
  for (const source of sources) if (await source.findAccount(name)) return source
  return undefined
}

/** The store's own accounts, without those that were made for another source. */
export function storeDirectory(registry: AccountRegistry): AccountDirectory {
  return {
    async findAccount(name) {
      const account = await registry.findAccount(name)
      return account?.passwordHash === keptElsewhere ? undefined : account
    },
    findAlias: address => registry.findAlias(address),
  }
}
