// From a login name and a password to an account. An unknown name costs the same work as a wrong password, and gives
// the same answer.
import type { Account, AccountName } from '../mail/account.ts'
import type { AccountDirectory } from '../mail/account-directory.ts'
import { foldAddress, foldDomain } from '../mail/fold.ts'
import type { Login, LoginOrigin } from './login.ts'
import { defaultPasswordCost, hashPassword, type PasswordCost, verifyPassword } from './password.ts'
import type { Sasl } from './sasl.ts'
import { VerifiedCache, type VerifiedCacheOptions } from './verified-cache.ts'
import { WorkQueue } from './work-queue.ts'

export interface Authenticator {
  /**
   * A name and a password, as USER and PASS bring them. Undefined for every failure alike. Refuses with `store-busy` when
   * too many logins wait, with `directory-unavailable` when nobody can say whether the password is right.
   */
  authenticate(loginName: string, password: Uint8Array, origin: LoginOrigin): Promise<Login | undefined>

  /**
   * The account that a login name means, for logs alone: what was claimed is not logged, for it may be a password in the
   * wrong place.
   */
  nameOf(loginName: string): Promise<AccountName | undefined>

  /** For AUTH; without it there is no AUTH. */
  readonly sasl?: Sasl
  /** For APOP; without it there is no APOP. */
  readonly apop?: Apop
}

/** RFC 1939 section 7, APOP. */
export interface Apop {
  /** Whether any account may use it: only then has the greeting a timestamp. */
  readonly isOffered: boolean
  /** `digest` are 32 hexadecimal digits, the MD5 of the greeting's timestamp and the password. */
  authenticate(
    loginName: string,
    timestamp: string,
    digest: string,
    origin: LoginOrigin,
  ): Promise<Login | undefined>
}

export interface AuthenticatorOptions {
  /** The domains whose `name@domain` is accepted for an account called `name`. */
  readonly localDomains?: readonly string[]
  readonly cost?: PasswordCost
  readonly cache?: VerifiedCacheOptions
  /** Verifications at the same time; default 2. Each takes the memory of `cost`. */
  readonly concurrency?: number
  /** Verifications that may wait; the next is refused. Default 1,000. */
  readonly maxWaiting?: number
}

/** Checks passwords against the hashes of a directory. */
export function createAuthenticator(
  directory: AccountDirectory,
  options: AuthenticatorOptions = {},
): Authenticator {
  const cost = options.cost ?? defaultPasswordCost
  const localDomains = new Set(options.localDomains?.map(foldDomain))
  const cache = new VerifiedCache(options.cache)
  const queue = new WorkQueue(options.concurrency ?? 2, options.maxWaiting ?? 1000)
  let decoyHash: Promise<string> | undefined

  /** `name@local domain` also means the account `name`; the exact name wins. */
  async function find(loginName: string): Promise<Account | undefined> {
    const name = foldAddress(loginName)
    const account = await directory.findAccount(name)
    if (account) return account
    const at = name.lastIndexOf('@')
    return at > 0 && localDomains.has(name.slice(at + 1))
      ? directory.findAccount(name.slice(0, at))
      : undefined
  }

  return {
    async authenticate(loginName, password) {
      const account = await find(loginName)
      if (account && cache.has(account, password)) return account
      // Both branches wait for the decoy, wait in the same queue, and verify one hash of the same cost.
      decoyHash ??= hashPassword(new Uint8Array(16), cost)
      const decoy = await decoyHash
      const verified = await queue.run(() => verifyPassword(account?.passwordHash ?? decoy, password))
      if (!account?.passwordHash || !verified) return undefined
      cache.add(account, password)
      return account
    },

    async nameOf(loginName) {
      return (await find(loginName))?.name
    },
  }
}
