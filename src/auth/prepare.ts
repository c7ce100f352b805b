// Names and passwords in the one form in which they are compared: SASLprep, RFC 4013, of stringprep, RFC 3454. For the
// server; a client may do without.
import { isUtf8 } from 'node:buffer'
import { createRequire } from 'node:module'
import type * as Library from '@mongodb-js/saslprep'

/**
 * RFC 3454 section 7: what is kept must not hold characters that Unicode 3.2 did not know, for a later version may
 * normalize them otherwise; what is asked for may hold them.
 */
export type PreparedFor = 'query' | 'stored'

/** Printable ASCII is its own prepared form. */
const plain = /^[ -~]+$/

const require = createRequire(import.meta.url)
let library: typeof Library | undefined

/** Its tables take memory, and most offices see nothing but ASCII. */
function saslprep(text: string, options: { readonly allowUnassigned: boolean }): string {
  library ??= require('@mongodb-js/saslprep') as typeof Library
  return library.saslprep(text, options)
}

/** The prepared name; undefined when characters are prohibited or mixed in direction, or nothing is left. */
export function prepareName(text: string, preparedFor: PreparedFor = 'query'): string | undefined {
  return prepare(text, preparedFor)
}

/** The prepared password; undefined as well for octets that are not UTF-8. */
export function preparePassword(
  octets: Uint8Array,
  preparedFor: PreparedFor = 'query',
): Uint8Array | undefined {
  if (!isUtf8(octets)) return undefined
  // Not TextDecoder, which drops a byte order mark.
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('utf8')
  const prepared = prepare(text, preparedFor)
  if (prepared === undefined) return undefined
  return prepared === text ? octets : Buffer.from(prepared, 'utf8')
}

function prepare(text: string, preparedFor: PreparedFor): string | undefined {
  if (plain.test(text)) return text
  try {
    // Throws for prohibited characters, and when the mapping leaves nothing; either way there is nothing to compare.
    return saslprep(text, { allowUnassigned: preparedFor === 'query' }) || undefined
  } catch {
    return undefined
  }
}
