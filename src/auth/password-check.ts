// A login with a name and a password. Whoever is not let in has cost the same work on the same path, whether the name is
// unknown, the account disabled or the password wrong.
import { performance } from 'node:perf_hooks'
import type { Account } from '../mail/account.ts'
import type { AccountDirectory } from '../mail/account-directory.ts'
import type { AppPasswordCheck } from './app-password-check.ts'
import type { Decoys } from './decoys.ts'
import type { DirectoryPace } from './directory-pace.ts'
import { HashPace, type VerifiedHash } from './hash-pace.ts'
import type { Login } from './login.ts'
import { grantOf, type LoginAttempt, type LoginFailure } from './login-attempts.ts'
import { hasCost, type PasswordCost } from './password.ts'
import type { PasswordThreads } from './password-threads.ts'
import type { PasswordUpkeep } from './password-upkeep.ts'
import { preparePassword } from './prepare.ts'
import type { VerifiedCache } from './verified-cache.ts'
import type { WorkQueue } from './work-queue.ts'

export interface PasswordCheckParts {
  readonly directory: AccountDirectory
  readonly appPasswords: AppPasswordCheck
  readonly cache: VerifiedCache
  readonly threads: PasswordThreads
  /** For the threads. */
  readonly hashQueue: WorkQueue
  /** For directories that check passwords themselves: they take time, but not ours. */
  readonly directoryQueue: WorkQueue
  readonly pace: DirectoryPace
  readonly decoys: Decoys
  readonly upkeep: PasswordUpkeep
  readonly cost: PasswordCost
}

export class PasswordCheck {
  readonly #parts: PasswordCheckParts
  readonly #hashPace = new HashPace()

  constructor(parts: PasswordCheckParts) {
    this.#parts = parts
  }

  /** Refuses with `store-busy`, `directory-unavailable`. */
  async logIn(attempt: LoginAttempt, name: string, password: Uint8Array): Promise<Login | undefined> {
    const { appPasswords, cache, upkeep } = this.#parts
    const found = await attempt.find(name)
    // With no folder to come to, the rest is the work that every refusal costs.
    const account = found?.isDisabled || attempt.asksForNothing ? undefined : found
    if (account && cache.has(account, password)) return attempt.succeed(account)

    const appPassword = await appPasswords.find(account, password, attempt.origin)
    if (account && appPassword) {
      appPasswords.noteUse(appPassword, account, attempt.origin)
      return attempt.succeed(account, grantOf(appPassword))
    }

    const matches = await this.#matches(attempt, account, password)
    if (!account || !matches)
      return attempt.fail(found && attempt.asksForNothing ? 'no-such-folder' : reasonFor(found), found)
    cache.add(account, password)
    upkeep.afterLogin(account, password)
    return attempt.succeed(account)
  }

  async #matches(
    attempt: LoginAttempt,
    account: Account | undefined,
    password: Uint8Array,
  ): Promise<boolean> {
    const { directory, pace, decoys, hashQueue } = this.#parts
    const passwords = spellingsOf(password)
    const asksDirectory = account?.passwordHash === undefined && directory.checkPassword !== undefined
    if (account && asksDirectory && (await this.#askDirectory(attempt, account, passwords))) return true
    const decoy = await decoys.hash()
    const stored = account?.passwordHash ?? decoy
    const { fits, foreign } = await hashQueue.run(attempt, () => this.#verify(stored, decoy, passwords))
    if (fits && stored !== decoy) return true
    // All who are refused have waited for our own hash, for the dearest of others, and for the directory. What they did
    // not wait for on the way there they wait for here.
    await this.#hashPace.imitate(passwords.length, foreign)
    if (!(account && asksDirectory)) await pace.imitate(askable(passwords).length)
    return false
  }

  /** A hash that costs something else than ours is followed by one of ours, so that it does not stand out as quick. */
  async #verify(stored: string, decoy: string, passwords: readonly Uint8Array[]): Promise<HashAnswer> {
    const { threads, cost } = this.#parts
    const began = performance.now()
    const fits = await threads.verify(stored, passwords)
    if (hasCost(stored, cost)) return { fits, foreign: undefined }
    const foreign = { stored, durationMs: performance.now() - began, spellings: passwords.length }
    // Of several spellings it is not told which of them fitted.
    if (!fits || passwords.length === 1) this.#hashPace.note(foreign)
    if (!fits) await threads.verify(decoy, passwords)
    return { fits, foreign }
  }

  async #askDirectory(
    attempt: LoginAttempt,
    account: Account,
    passwords: readonly Uint8Array[],
  ): Promise<boolean> {
    const { directory, directoryQueue, pace } = this.#parts
    const asked = askable(passwords)
    const began = performance.now()
    const fits = await directoryQueue.run(attempt, async () => {
      for (const password of asked) if (await directory.checkPassword?.(account, password)) return true
      return false
    })
    if (!fits) pace.note(performance.now() - began, asked.length)
    return fits
  }
}

interface HashAnswer {
  readonly fits: boolean
  /** The hash, when it costs something else than ours. */
  readonly foreign: VerifiedHash | undefined
}

/** Those a directory is asked about: never an empty one, which LDAP takes for none at all, RFC 4513 section 5.1.2. */
function askable(passwords: readonly Uint8Array[]): readonly Uint8Array[] {
  return passwords.filter(password => password.length > 0)
}

/** The password as SASLprep makes it (RFC 4013), then as it came, for those that were stored so. */
function spellingsOf(password: Uint8Array): readonly Uint8Array[] {
  const prepared = preparePassword(password)
  if (!prepared || Buffer.compare(prepared, password) === 0) return [password]
  return [prepared, password]
}

function reasonFor(found: Account | undefined): LoginFailure {
  if (!found) return 'unknown-user'
  return found.isDisabled ? 'disabled' : 'wrong-password'
}
