// What those get to work on who have no account, no password or no keys here, so that they look like those who have.
import { createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { hashPassword, type PasswordCost } from './password.ts'
import type { ScramHash, ScramKeys } from './sasl.ts'
import { scramKeyOctets } from './scram.ts'

export class Decoys {
  readonly #cost: PasswordCost
  readonly #saltKey: Uint8Array
  readonly #saltOctets: number
  #hash: Promise<string> | undefined

  /** A key that is kept gives a name the same salt after a restart, as an account has it. */
  constructor(cost: PasswordCost, key: Uint8Array = randomBytes(32), saltOctets = 16) {
    this.#cost = cost
    this.#saltKey = new Uint8Array(hkdfSync('sha256', key, '', 'salts of those without an account', 32))
    this.#saltOctets = saltOctets
  }

  /** A password hash of the office's cost that no password opens. */
  hash(): Promise<string> {
    this.#hash ??= hashPassword(Buffer.from(randomBytes(16).toString('hex')), this.#cost).catch(error => {
      this.#hash = undefined
      throw error
    })
    return this.#hash
  }

  /** Of SCRAM: always the same for a name, and for both hash functions, as with an account. */
  salt(accountKey: string): Uint8Array {
    return createHmac('sha256', this.#saltKey).update(accountKey).digest().subarray(0, this.#saltOctets)
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
