// How often logins failed lately, by any key. A count halves every few minutes; only so many are remembered, the latest.
import { LRUCache } from 'lru-cache'

interface Count {
  readonly failures: number
  /** When it was right, in milliseconds. */
  readonly at: number
}

export class FailureCounts {
  readonly #counts: LRUCache<string, Count>
  readonly #halfLifeMs: number
  readonly #now: () => number

  constructor(maxKeys: number, halfLifeMs: number, now: () => number) {
    // As a size, so that room is not taken for all of them beforehand: it would be megabytes in offices of ten people.
    this.#counts = new LRUCache({ maxSize: maxKeys, sizeCalculation: () => 1 })
    this.#halfLifeMs = halfLifeMs
    this.#now = now
  }

  /** Adds a failure; gives the new count. */
  add(key: string): number {
    const failures = this.#decayed(key) + 1
    this.#counts.set(key, { failures, at: this.#now() })
    return Math.round(failures)
  }

  /** To the nearest whole failure. */
  of(key: string): number {
    return Math.round(this.#decayed(key))
  }

  forget(key: string): void {
    this.#counts.delete(key)
  }

  #decayed(key: string): number {
    const count = this.#counts.get(key)
    if (!count) return 0
    // A clock that was set back makes nothing older than it is.
    const ageMs = Math.max(this.#now() - count.at, 0)
    return count.failures * 2 ** (-ageMs / this.#halfLifeMs)
  }
}
