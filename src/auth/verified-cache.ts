// Remembers for minutes that a password was verified, as a hash behind a secret that dies with the process. The stored
// hash is part of its input, so a changed password is forgotten in the same moment.
import { hash, randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Account } from '../mail/account.ts'
import type { Id } from '../mail/id.ts'

export interface VerifiedCacheOptions {
  /** How long one verification is believed, in milliseconds; 0 remembers nothing. Default 5 minutes. */
  readonly ttlMs?: number
  /** Default 10,000. */
  readonly maxEntries?: number
}

export class VerifiedCache {
  /** A prefix will do, where HMAC would cost twice as much: no digest ever leaves the process. */
  readonly #secret = randomBytes(32)
  readonly #ttlMs: number
  readonly #entries: LRUCache<string, true>

  constructor({ ttlMs = 300_000, maxEntries = 10_000 }: VerifiedCacheOptions = {}) {
    this.#ttlMs = ttlMs
    // As a size: see failure-counts.ts.
    this.#entries = new LRUCache({
      maxSize: maxEntries,
      sizeCalculation: () => 1,
      ...(ttlMs > 0 && { ttl: ttlMs }),
    })
  }

  has(account: Account, password: Uint8Array): boolean {
    const { passwordHash } = account
    if (passwordHash === undefined || this.#ttlMs === 0) return false
    return this.#entries.has(this.#digest(account.id, passwordHash, password))
  }

  /** Nothing is remembered of an account whose hash is not known: nobody would tell that its password changed. */
  add({ id, passwordHash }: Account, password: Uint8Array): void {
    if (passwordHash === undefined || this.#ttlMs === 0) return
    this.#entries.set(this.#digest(id, passwordHash, password), true)
  }

  #digest(id: Id, passwordHash: string, password: Uint8Array): string {
    const identity = Buffer.from(`${id}\0${passwordHash}\0`)
    return hash('sha256', Buffer.concat([this.#secret, identity, password]), 'base64')
  }
}
