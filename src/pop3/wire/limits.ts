// How long a command line may be. RFC 2449 section 4 lets clients count on 255 octets, CRLF included; we take twice
// that in every state, because passphrases are longer than commands. A USER or PASS line that is not plain US-ASCII may
// have 8 KiB: characters of other scripts take several octets each. AUTH and its responses may have 64 KiB: tokens are long, and
// RFC 5034 section 4 sets no limit for them. Whatever is longer is refused, and the connection closed.

export const commandLineOctets = 512
export const utf8LineOctets = 8 * 1024
export const saslLineOctets = 64 * 1024
/** A status line, CRLF included. RFC 1939 section 3. */
export const statusLineOctets = 512

const credentialVerbs = /^(?:user|pass|apop) /i
const saslVerb = /^auth /i

/** The limit for a line that begins with these octets. */
export function lineLimit(start: Uint8Array): number {
  const verb = String.fromCharCode(...start.subarray(0, 5))
  if (saslVerb.test(verb)) return saslLineOctets
  const isCredential = credentialVerbs.test(verb)
  return isCredential && start.some(octet => octet > 0x7f) ? utf8LineOctets : commandLineOctets
}
