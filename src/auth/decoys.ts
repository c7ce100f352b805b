// What those get to work on who have no account, no password or no keys here, so that they look like those who have.
import { createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { AccountName } from '../mail/account.ts'
import { hashPassword, type PasswordCost } from './password.ts'
import type { ScramHash, ScramKeys } from './sasl.ts'
import { type StoredScramKeys, scramKeyOctets } from './scram.ts'
import type { ScramSetting } from './stored-password.ts'

/** What SCRAM shows of accounts, and what those without one take after. */
interface Likeness {
  /** The account's name has a domain: without it, it would be another's. */
  readonly hasDomain: boolean
  readonly iterations: number
  readonly saltOctets: number
}

/** More kinds of accounts than an office has. */
const maxLikenesses = 16
const usualSaltOctets = 16

export class Decoys {
  readonly #cost: PasswordCost
  readonly #saltKey: Uint8Array
  /** Of the accounts asked for lately. */
  readonly #likenesses = new LRUCache<string, Likeness>({ max: maxLikenesses })
  #hash: Promise<string> | undefined

  /** A key that is kept gives a name the same salt after a restart, as an account has it. */
  constructor(cost: PasswordCost, key: Uint8Array = randomBytes(32)) {
    this.#cost = cost
    this.#saltKey = new Uint8Array(hkdfSync('sha256', key, '', 'salts of those without an account', 32))
  }

  /** A password hash of the office's cost that no password opens. */
  hash(): Promise<string> {
    this.#hash ??= hashPassword(Buffer.from(randomBytes(16).toString('hex')), this.#cost).catch(error => {
      this.#hash = undefined
      throw error
    })
    return this.#hash
  }

  /** There is an account that SCRAM shows so. */
  takeAfter(name: AccountName, keys: Pick<StoredScramKeys, 'salt' | 'iterations'>): void {
    const likeness = {
      hasDomain: name.includes('@'),
      iterations: keys.iterations,
      saltOctets: keys.salt.length,
    }
    this.#likenesses.set(JSON.stringify(likeness), likeness)
  }

  /**
   * What SCRAM shows of a name: always the same while accounts are of the same kinds, and for both hash functions, as
   * with an account. `name` is folded, `bareName` is without a local domain: where accounts have names without a domain,
   * both spellings are one. `iterations` is what counts until an account was asked for.
   */
  scramSetting(name: string, bareName: string, iterations: number): ScramSetting {
    const known = [...this.#likenesses.values()]
    const usual: Likeness = { hasDomain: false, iterations, saltOctets: usualSaltOctets }
    const { hasDomain } = this.#choose(bareName, known) ?? usual
    const own = hasDomain ? name : bareName
    const likeness =
      this.#choose(
        own,
        known.filter(each => each.hasDomain === hasDomain),
      ) ?? usual
    const { saltOctets, iterations: scramIterations } = likeness
    const digest = this.#digest('salt', own)
    if (saltOctets <= digest.length) return { salt: digest.subarray(0, saltOctets), scramIterations }
    return { salt: new Uint8Array(hkdfSync('sha256', digest, '', '', saltOctets)), scramIterations }
  }

  /** One that is always the same for a text; a new one among them changes few choices. */
  #choose(text: string, likenesses: readonly Likeness[]): Likeness | undefined {
    const ranked = likenesses.map(likeness => ({
      likeness,
      rank: this.#digest(JSON.stringify(likeness), text),
    }))
    return ranked.sort((left, right) => Buffer.compare(right.rank, left.rank))[0]?.likeness
  }

  #digest(purpose: string, text: string): Buffer {
    return createHmac('sha256', this.#saltKey).update(`${purpose}\0${text}`).digest()
  }

  /** Keys that no proof fits. */
  scramKeys(hash: ScramHash): ScramKeys {
    const octets = scramKeyOctets(hash)
    return { storedKey: randomBytes(octets), serverKey: randomBytes(octets) }
  }

  /** A secret that nobody knows. */
  secret(): Uint8Array {
    return randomBytes(32)
  }
}
