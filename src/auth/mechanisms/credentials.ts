// Names, passwords and messages as mechanisms carry them: UTF-8 without NUL, and bounded.
import { isUtf8 } from 'node:buffer'
import { SaslClientError } from '../sasl-client.ts'

export const maxNameOctets = 255
const maxPasswordOctets = 1024
export const maxTokenOctets = 65_536
/** Stands between the pairs of OAUTHBEARER and XOAUTH2. */
export const pairSeparator = '\x01'

/** The text; undefined when it is too long, no UTF-8, or holds NUL. An empty text is one. */
export function decodeText(octets: Uint8Array, maxOctets: number): string | undefined {
  if (octets.length > maxOctets || octets.includes(0) || !isUtf8(octets)) return undefined
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('utf8')
}

/** A name has at least one octet. */
export function decodeName(octets: Uint8Array): string | undefined {
  return decodeText(octets, maxNameOctets) || undefined
}

/** Whether the octets can be a password at all. */
export function isPassword(octets: Uint8Array): boolean {
  return octets.length > 0 && octets.length <= maxPasswordOctets && !octets.includes(0) && isUtf8(octets)
}

export function encodeText(text: string): Uint8Array {
  return Buffer.from(text, 'utf8')
}

/** What a client sends. Throws a `SaslClientError` for what no server could take. */
export function checkCredential(text: string, what: 'name' | 'password' | 'token'): string {
  if (text === '') throw new SaslClientError('bad-credentials', `the ${what} is empty`)
  if (text.includes('\0')) throw new SaslClientError('bad-credentials', `the ${what} holds NUL`)
  if (/\p{Cs}/u.test(text))
    throw new SaslClientError('bad-credentials', `the ${what} is no text that UTF-8 can write`)
  return text
}
