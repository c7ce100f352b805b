// Who came in from where lately. Such a pair of address and account is let past what strangers do to the account, so that
// nobody can lock its owner out, and is served first, so that no flood starves it. Accounts go by their own names, not by
// what a peer calls them: two of them may be claimed alike.
import { LRUCache } from 'lru-cache'

export interface KnownPeersOptions {
  /** How long a pair is known after its last login, in milliseconds. Default 30 days. */
  readonly ttlMs?: number
  /** Default 50,000. */
  readonly maxEntries?: number
}

const dayMs = 86_400_000

export class KnownPeers {
  readonly #ttlMs: number
  readonly #now: () => number
  /** When each came in last. Not the cache's own expiry: a timer lasts no 30 days. */
  readonly #lastLogins: LRUCache<string, number>
  /** The same of each range, as whomever. */
  readonly #lastOfRange: LRUCache<string, number>

  constructor({ ttlMs = 30 * dayMs, maxEntries = 50_000 }: KnownPeersOptions, now: () => number) {
    this.#ttlMs = ttlMs
    this.#now = now
    // As a size: see failure-counts.ts.
    const logins = () => new LRUCache<string, number>({ maxSize: maxEntries, sizeCalculation: () => 1 })
    this.#lastLogins = logins()
    this.#lastOfRange = logins()
  }

  has(prefix: string, accountName: string): boolean {
    return this.#isRecent(this.#lastLogins.get(pairOf(prefix, accountName)))
  }

  /** Whether somebody came in from there, as whomever. */
  hasRange(prefix: string): boolean {
    return this.#isRecent(this.#lastOfRange.get(prefix))
  }

  add(prefix: string, accountName: string): void {
    const now = this.#now()
    this.#lastLogins.set(pairOf(prefix, accountName), now)
    this.#lastOfRange.set(prefix, now)
  }

  #isRecent(last: number | undefined): boolean {
    return last !== undefined && this.#now() - last < this.#ttlMs
  }
}

/** One text for both; no address has a NUL in it. */
export function pairOf(prefix: string, accountName: string): string {
  return `${prefix}\0${accountName}`
}
