// Whether any account has opted in to CRAM-MD5 and APOP: only then are they offered. The answer is a second old at most,
// and nobody waits for it.
import type { AccountRegistry } from '../mail/account-registry.ts'

const believedMs = 1000

export class SealedAccounts {
  readonly #registry: Pick<AccountRegistry, 'hasSealedPasswords'>
  readonly #now: () => number
  #exist = false
  #askedAt = -Infinity

  constructor(registry: Pick<AccountRegistry, 'hasSealedPasswords'>, now: () => number) {
    this.#registry = registry
    this.#now = now
    this.#refresh()
  }

  get exist(): boolean {
    if (this.#now() - this.#askedAt >= believedMs) this.#refresh()
    return this.#exist
  }

  #refresh(): void {
    this.#askedAt = this.#now()
    this.#registry.hasSealedPasswords().then(
      exist => {
        this.#exist = exist
      },
      () => {}, // what was true before is believed until the store can be asked again; logins tell the fault
    )
  }
}
