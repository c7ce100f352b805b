// App passwords: made by the office, 125 random bits, so that a quick hash keeps them safe. Typed in any case, with or
// without their dashes and spaces; SCRAM, which never shows us what was typed, wants them as they were printed.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { AppPassword } from '../mail/app-passwords.ts'
import { deriveScramKeys, formatScramKeys } from './scram.ts'
import type { ScramSetting } from './stored-password.ts'

/** RFC 4648 section 6, in lower case: no digit is taken for a letter. */
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'
const length = 25
const groupLength = 5
/** As printed 29; with a space for every character still less. */
const maxTypedOctets = 64

/** A new one: `xxxxx-xxxxx-xxxxx-xxxxx-xxxxx`. */
export function makeAppPassword(): string {
  return grouped(Array.from(randomBytes(length), octet => alphabet[octet % alphabet.length]).join(''))
}

/** As it was printed; undefined for what cannot be an app password, however it is typed. */
export function normalizeAppPassword(password: Uint8Array): string | undefined {
  if (password.length > maxTypedOctets) return undefined
  const typed = Buffer.from(password.buffer, password.byteOffset, password.length).toString('latin1')
  const letters = typed.replace(/[ -]/g, '').toLowerCase()
  return /^[a-z2-7]{25}$/.test(letters) ? grouped(letters) : undefined
}

/** What is kept of a new one. The setting is that of the account's other SCRAM keys, if it has any. */
export async function storeAppPassword(
  password: string,
  { salt, scramIterations }: ScramSetting,
): Promise<Pick<AppPassword, 'passwordHash' | 'scramKeys'>> {
  const octets = Buffer.from(password)
  const keys = [
    await deriveScramKeys(octets, salt, scramIterations, 'SHA-1'),
    await deriveScramKeys(octets, salt, scramIterations, 'SHA-256'),
  ]
  return { passwordHash: hashOf(password), scramKeys: keys.map(formatScramKeys) }
}

/** Whether the password, as somebody typed it, is the one that was stored. Takes the same time for any that is not. */
export function appPasswordMatches(passwordHash: string, password: Uint8Array): boolean {
  const printed = normalizeAppPassword(password)
  if (printed === undefined) return false
  const [stored, given] = [Buffer.from(passwordHash), Buffer.from(hashOf(printed))]
  return stored.length === given.length && timingSafeEqual(stored, given)
}

function hashOf(printed: string): string {
  return `{SHA256}${createHash('sha256').update(printed).digest('base64')}`
}

function grouped(letters: string): string {
  const groups = letters.match(new RegExp(`.{${groupLength}}`, 'g')) ?? []
  return groups.join('-')
}
