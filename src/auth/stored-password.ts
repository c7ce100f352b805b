// All that is kept of one password: its argon2id hash, SCRAM keys for both hash functions, and for accounts that opted in
// to CRAM-MD5 and APOP the password itself, sealed. Everything is made from its SASLprep form, RFC 4013.
import { randomBytes } from 'node:crypto'
import type { StoredPassword } from '../mail/account-registry.ts'
import { Refusal } from '../mail/errors.ts'
import { hashPassword, type PasswordCost } from './password.ts'
import { preparePassword } from './prepare.ts'
import { deriveScramKeys, formatScramKeys, parseScramKeys } from './scram.ts'
import type { SecretBox } from './sealed-secret.ts'

/**
 * What the SCRAM keys of an account are made with: one salt and one count for all, so that a client's one proof can be
 * tried against its password and its app passwords.
 */
export interface ScramSetting {
  readonly salt: Uint8Array
  readonly scramIterations: number
}

export interface StorePasswordOptions {
  readonly cost: PasswordCost
  readonly scramIterations: number
  /** The account's, when it has SCRAM keys already. */
  readonly salt?: Uint8Array
  /** Seals the password itself for `owner`, the account's name. */
  readonly box?: SecretBox
  readonly owner?: string
}

const saltOctets = 16

/** What to keep of a new password. Refuses with `bad-password` what has no SASLprep form. */
export async function storePassword(
  password: Uint8Array,
  { cost, scramIterations, salt = makeScramSalt(), box, owner }: StorePasswordOptions,
): Promise<StoredPassword> {
  if (box && owner === undefined) throw new TypeError('a password is sealed for an owner')
  const prepared = preparePassword(password, 'stored')
  if (!prepared) throw new Refusal('bad-password', unpreparable)
  const passwordHash = await hashPassword(prepared, cost)
  const scramKeys = [
    formatScramKeys(await deriveScramKeys(prepared, salt, scramIterations, 'SHA-1')),
    formatScramKeys(await deriveScramKeys(prepared, salt, scramIterations, 'SHA-256')),
  ]
  return {
    passwordHash,
    scramKeys,
    ...(box && owner !== undefined && { sealedPassword: box.seal(prepared, owner) }),
  }
}

/** What the first keys found were made with; undefined where there are none. */
export function scramSettingOf(
  kept: readonly { readonly scramKeys: readonly string[] }[],
): ScramSetting | undefined {
  for (const text of kept.flatMap(({ scramKeys }) => scramKeys)) {
    const keys = parseScramKeys(text)
    if (keys) return { salt: keys.salt, scramIterations: keys.iterations }
  }
  return undefined
}

export function makeScramSalt(): Uint8Array {
  return randomBytes(saltOctets)
}

const unpreparable =
  'this password cannot be kept: it must be UTF-8, without control characters and characters newer than Unicode 3.2' +
  ' (most emoji), and not mix scripts of both directions; programs write such passwords in different ways'
