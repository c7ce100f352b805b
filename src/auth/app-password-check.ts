// App passwords at a login: which of an account's may be used by who asks, and which of them is meant.
import { LRUCache } from 'lru-cache'
import type { Account } from '../mail/account.ts'
import type { AppPassword, AppPasswords } from '../mail/app-passwords.ts'
import { createId } from '../mail/id.ts'
import { networkContains, parseNetwork } from '../mail/network.ts'
import { appPasswordMatches, normalizeAppPassword } from './app-password.ts'
import type { LoginOrigin } from './login.ts'
import type { LoginLog } from './login-attempts.ts'

/** A use is written down once in so many milliseconds. */
const noteEveryMs = 60_000
const maxNotesRemembered = 10_000

export class AppPasswordCheck {
  readonly #appPasswords: AppPasswords | undefined
  readonly #log: LoginLog
  readonly #now: () => number
  /** When the last use of each was written down. */
  readonly #noted = new LRUCache<string, number>({ max: maxNotesRemembered })
  /** Asked for where there is no account, so that both take the same time. */
  readonly #nobody = createId()

  constructor(appPasswords: AppPasswords | undefined, log: LoginLog, now: () => number) {
    this.#appPasswords = appPasswords
    this.#log = log
    this.#now = now
  }

  /** Those of the account that may be used from there. */
  async allowed(account: Account | undefined, origin: LoginOrigin): Promise<readonly AppPassword[]> {
    const all = await this.#appPasswords?.listAppPasswords(account?.id ?? this.#nobody)
    return all?.filter(appPassword => isAllowed(appPassword, origin)) ?? []
  }

  /** The one that was entered; undefined for anything that does not look like one. */
  async find(
    account: Account | undefined,
    password: Uint8Array,
    origin: LoginOrigin,
  ): Promise<AppPassword | undefined> {
    if (normalizeAppPassword(password) === undefined) return undefined
    const allowed = await this.allowed(account, origin)
    return allowed.find(({ passwordHash }) => appPasswordMatches(passwordHash, password))
  }

  /** Writes the use down when the last one is a minute ago; nobody waits for it. */
  noteUse({ id, name }: AppPassword, account: Account, origin: LoginOrigin): void {
    const now = this.#now()
    const last = this.#noted.get(id)
    if (last !== undefined && now - last < noteEveryMs) return
    this.#noted.set(id, now)
    this.#appPasswords?.noteAppPasswordUse(id, new Date(now), origin.peer).catch((error: unknown) => {
      const fields = { err: error, user: account.name, appPassword: name }
      this.#log.error(fields, 'the use of an app password could not be noted')
    })
  }
}

/** A range that cannot be read allows nobody. */
function isAllowed({ protocols, networks }: AppPassword, { protocol, peer }: LoginOrigin): boolean {
  if (protocols.length > 0 && !protocols.includes(protocol)) return false
  return (
    networks.length === 0 ||
    networks.some(text => {
      const network = parseNetwork(text)
      return network !== undefined && networkContains(network, peer)
    })
  )
}
