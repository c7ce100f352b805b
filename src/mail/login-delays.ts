// When accounts may log in again, RFC 2449 section 6.5: counted from the +OK of one login to the next. Kept in memory, and
// bounded: whoever restarts the server, or has more accounts log in than are kept, lets some in early, and locks out nobody.
import type { Id } from './id.ts'

/** Accounts remembered; those that logged in longest ago are forgotten first. */
const maxAccounts = 100_000

export class LoginDelays {
  readonly #maxAccounts: number
  readonly #now: () => number
  /** When the next login is due, in order of the last. */
  readonly #dueAtMs = new Map<Id, number>()

  constructor(options: { readonly maxAccounts?: number; readonly now?: () => number } = {}) {
    this.#maxAccounts = options.maxAccounts ?? maxAccounts
    this.#now = options.now ?? (() => performance.now())
  }

  /** Accounts that are remembered. */
  get size(): number {
    return this.#dueAtMs.size
  }

  /** How long the account still has to wait, in milliseconds; 0 when it may come in. */
  waitMs(accountId: Id): number {
    const waitMs = (this.#dueAtMs.get(accountId) ?? 0) - this.#now()
    if (waitMs > 0) return waitMs
    this.#dueAtMs.delete(accountId)
    return 0
  }

  /** The account has come in, and may again in `delayMs`. */
  noteLogin(accountId: Id, delayMs: number): void {
    this.#dueAtMs.delete(accountId)
    this.#dueAtMs.set(accountId, this.#now() + delayMs)
    if (this.#dueAtMs.size <= this.#maxAccounts) return
    for (const [oldest] of this.#dueAtMs) {
      this.#dueAtMs.delete(oldest)
      return
    }
  }
}
