// Base64 of AUTH's responses and challenges, RFC 5034 section 4 and RFC 4648 section 4: the one spelling only, with its
// padding; nothing is skipped and nothing is guessed.

const alphabet = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The octets; undefined when the text is no base64. An empty text gives none. */
export function decodeBase64(text: Uint8Array): Uint8Array | undefined {
  const encoded = Buffer.from(text.buffer, text.byteOffset, text.length).toString('latin1')
  if (!alphabet.test(encoded)) return undefined
  const octets = Buffer.from(encoded, 'base64')
  // Bits behind the last octet that are not zero: a second spelling of the same octets.
  return octets.toString('base64') === encoded ? octets : undefined
}

export function encodeBase64(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('base64')
}
