// The form of replies, RFC 1939 section 3: status lines of at most 512 octets with response codes (RFC 2449 section 8,
// RFC 3206), scan listings and unique-id listings. Texts are ours: nothing a client sent is repeated in them.
import { encodeBase64 } from './base64.ts'
import { statusLineOctets } from './limits.ts'

/** `SYS/TEMP`, `SYS/PERM` and `AUTH` are RFC 3206, `LOGIN-DELAY` and `IN-USE` are RFC 2449 section 8.1. */
export type ResponseCode = 'IN-USE' | 'LOGIN-DELAY' | 'AUTH' | 'SYS/TEMP' | 'SYS/PERM'

/** The last line of a multi-line reply. */
const terminator = '.\r\n'

export function ok(text: string): string {
  return statusLine(text === '' ? '+OK' : `+OK ${text}`)
}

export function err(text: string, code?: ResponseCode): string {
  return statusLine(code === undefined ? `-ERR ${text}` : `-ERR [${code}] ${text}`)
}

/** A challenge of AUTH, RFC 5034 section 4: no status line, and as long as it must be. */
export function challenge(octets: Uint8Array): string {
  return `+ ${encodeBase64(octets)}\r\n`
}

/** A whole multi-line reply of short lines that never begin with a dot. */
export function multiLine(text: string, lines: readonly string[]): string {
  return `${ok(text)}${lines.map(line => `${line}\r\n`).join('')}${terminator}`
}

function statusLine(text: string): string {
  return text.length + 2 > statusLineOctets ? `${text.slice(0, statusLineOctets - 2)}\r\n` : `${text}\r\n`
}

/** "1 message", "2 messages": the nouns of status lines. */
export function counted(count: number, noun: 'message' | 'octet'): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`
}

/** Lines per piece of a long listing: about 32 KiB of a scan listing. */
const linesPerPiece = 2_000

/**
 * The lines of a listing in pieces of bounded size, the terminator in the last. `line` renders what follows the
 * message number; `isListed` leaves messages out without renumbering the others.
 */
export function* renderListing(
  count: number,
  line: (index: number) => string | number,
  isListed?: (index: number) => boolean,
): Generator<string, void> {
  let piece = ''
  for (let index = 0; index < count; index++) {
    if (isListed === undefined || isListed(index)) piece += `${index + 1} ${line(index)}\r\n`
    if (index % linesPerPiece === linesPerPiece - 1) {
      yield piece
      piece = ''
    }
  }
  yield piece + terminator
}
