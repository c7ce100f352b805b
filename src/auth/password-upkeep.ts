// Keeps what is stored of passwords up to date: after a login with the password itself, what was hashed at another cost or
// in another scheme, or has no SCRAM keys yet, is made anew. The login neither waits for it nor fails with it.
import type { Account } from '../mail/account.ts'
import type { AccountRegistry } from '../mail/account-registry.ts'
import type { AppPasswords } from '../mail/app-passwords.ts'
import { isRefusal } from '../mail/errors.ts'
import type { LoginLog } from './login-attempts.ts'
import { hasCost, type PasswordCost } from './password.ts'
import { preparePassword } from './prepare.ts'
import type { ScramHash } from './sasl.ts'
import { parseScramKeys } from './scram.ts'
import { type ScramSetting, scramSettingOf, storePassword } from './stored-password.ts'
import { WorkQueue } from './work-queue.ts'

export interface PasswordUpkeepParts {
  /** Without one nothing is kept up: accounts come from elsewhere. */
  readonly registry: AccountRegistry | undefined
  readonly appPasswords: AppPasswords | undefined
  readonly cost: PasswordCost
  readonly scramIterations: number
  readonly log: LoginLog
}

const scramHashes: readonly ScramHash[] = ['SHA-1', 'SHA-256']
/** When every account is due at once, most wait for their next login. */
const maxWaiting = 100

export class PasswordUpkeep {
  readonly #parts: PasswordUpkeepParts
  readonly #queue = new WorkQueue({ concurrency: 1, maxWaiting })
  readonly #busy = new Set<string>()

  constructor(parts: PasswordUpkeepParts) {
    this.#parts = parts
  }

  /** To be called with a password that was just verified. */
  afterLogin(account: Account, password: Uint8Array): void {
    const { registry, log } = this.#parts
    if (!registry || this.#isDone(account) || this.#busy.has(account.id)) return
    // SASLprep may know no form of an old password: it stays as it is.
    if (!preparePassword(password, 'stored')) return
    this.#busy.add(account.id)
    this.#queue
      .run({ rank: 0, source: account.id }, () => this.#renew(registry, account, password))
      .catch((error: unknown) => {
        if (!isRefusal(error, 'store-busy'))
          log.error({ err: error, user: account.name }, 'a password could not be stored anew')
      })
      .finally(() => this.#busy.delete(account.id))
  }

  async #renew(
    registry: AccountRegistry,
    { name, passwordHash }: Account,
    password: Uint8Array,
  ): Promise<void> {
    // Only what the store itself keeps of this password: the account may come from a directory in front of it.
    const kept = await registry.findAccount(name)
    if (!kept || passwordHash === undefined || kept.passwordHash !== passwordHash) return
    const setting = await this.#scramSetting(kept)
    if (this.#isDone(kept, setting.scramIterations)) return
    const stored = await storePassword(password, { cost: this.#parts.cost, ...setting })
    const { sealedPassword } = kept
    await registry.setPassword(
      name,
      sealedPassword === undefined ? stored : { ...stored, sealedPassword },
      passwordHash,
    )
  }

  #isDone({ passwordHash, scramKeys }: Account, iterations = this.#parts.scramIterations): boolean {
    if (passwordHash === undefined) return true
    const kept = scramKeys.map(parseScramKeys)
    const hasKeys = scramHashes.every(hash =>
      kept.some(keys => keys?.hash === hash && keys.iterations === iterations),
    )
    return hasKeys && hasCost(passwordHash, this.#parts.cost)
  }

  /** The salt of an account never changes, nor does the count while app passwords have keys made with it. */
  async #scramSetting(
    account: Account,
  ): Promise<Partial<ScramSetting> & Pick<ScramSetting, 'scramIterations'>> {
    const ofAppPasswords = scramSettingOf(
      (await this.#parts.appPasswords?.listAppPasswords(account.id)) ?? [],
    )
    if (ofAppPasswords) return ofAppPasswords
    const own = scramSettingOf([account])
    return { ...own, scramIterations: this.#parts.scramIterations }
  }
}
