// How the passwords of all accounts are kept, for what may be offered: APOP once somebody has opted in, CRAM-MD5 once
// everybody has, SCRAM once nobody is without its keys: clients choose by their own taste, and some never try another. The answer is a second old at most, and nobody waits for it.
import type { AccountRegistry, PasswordSurvey } from '../mail/account-registry.ts'

const believedMs = 1000
/** Until the store has answered: what every account can do. */
const unknown: PasswordSurvey = { someAreSealed: false, someAreNotSealed: true, someLackScramKeys: true }

export class KeptPasswords {
  readonly #registry: Pick<AccountRegistry, 'surveyPasswords'>
  readonly #now: () => number
  #survey = unknown
  #askedAt = -Infinity

  constructor(registry: Pick<AccountRegistry, 'surveyPasswords'>, now: () => number) {
    this.#registry = registry
    this.#now = now
    this.#refresh()
  }

  get survey(): PasswordSurvey {
    if (this.#now() - this.#askedAt >= believedMs) this.#refresh()
    return this.#survey
  }

  #refresh(): void {
    this.#askedAt = this.#now()
    this.#registry.surveyPasswords().then(
      survey => {
        this.#survey = survey
      },
      () => {}, // what was true before is believed until the store can be asked again; logins tell the fault
    )
  }
}
