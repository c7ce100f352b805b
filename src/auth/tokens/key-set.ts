// The keys of an authorization server, RFC 7517 section 5: remembered, fetched anew when old or when a token names a key
// that is not among them, but never more often than a cooldown allows, whatever tokens come.
import { createLocalJWKSet, errors, type FlattenedJWSInput, type JWSHeaderParameters } from 'jose'
import { Refusal } from '../../mail/errors.ts'

type LocalKeys = ReturnType<typeof createLocalJWKSet>
type Key = Awaited<ReturnType<LocalKeys>>

export interface KeySetTimes {
  /** Older keys are fetched anew. */
  readonly maxAgeMs: number
  /** Older keys are not believed, even when no newer ones can be had. */
  readonly maxStaleMs: number
  /** Between two tries, at least. */
  readonly cooldownMs: number
}

const defaultTimes: KeySetTimes = { maxAgeMs: 600_000, maxStaleMs: 3_600_000, cooldownMs: 30_000 }

export class KeySet {
  readonly #fetch: () => Promise<Readonly<Record<string, unknown>>>
  readonly #now: () => number
  readonly #times: KeySetTimes
  #keys: LocalKeys | undefined
  #fetchedAt = -Infinity
  #triedAt = -Infinity
  #failure: Refusal | undefined
  #loading: Promise<void> | undefined

  /** `fetch` gives a JWK set, or refuses with `directory-unavailable`. */
  constructor(
    fetch: () => Promise<Readonly<Record<string, unknown>>>,
    now: () => number,
    times = defaultTimes,
  ) {
    this.#fetch = fetch
    this.#now = now
    this.#times = times
  }

  /**
   * The key a token is signed with. Rejects with an error of jose's when there is none, refuses with
   * `directory-unavailable` when that cannot be known.
   */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<Key> {
    if (this.#age() > this.#times.maxAgeMs) await this.#reload()
    const keys = this.#believed()
    try {
      return await keys(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
    }
    await this.#reload()
    if (this.#failure) throw this.#failure
    return this.#believed()(header, token)
  }

  #age(): number {
    return this.#now() - this.#fetchedAt
  }

  #believed(): LocalKeys {
    if (this.#keys && this.#age() <= this.#times.maxStaleMs) return this.#keys
    throw this.#failure ?? new Refusal('directory-unavailable', 'no keys of the token service are known')
  }

  /** Does nothing while the last try is too recent; those who come meanwhile wait for the same one. */
  async #reload(): Promise<void> {
    if (!this.#loading) {
      if (this.#now() - this.#triedAt < this.#times.cooldownMs) return
      this.#triedAt = this.#now()
      this.#loading = this.#load().finally(() => {
        this.#loading = undefined
      })
    }
    await this.#loading
  }

  async #load(): Promise<void> {
    try {
      const set = await this.#fetch()
      this.#keys = createLocalJWKSet(set as unknown as Parameters<typeof createLocalJWKSet>[0])
      this.#fetchedAt = this.#now()
      this.#failure = undefined
    } catch (cause) {
      this.#failure =
        cause instanceof Refusal
          ? cause
          : new Refusal('directory-unavailable', 'the token service has keys that are none', { cause })
    }
  }
}
