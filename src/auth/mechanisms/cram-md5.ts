// CRAM-MD5, RFC 2195: a keyed MD5 of a fresh challenge. The server must know the password itself; only for accounts
// that opt in.
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Mechanism, Verifier } from '../sasl.ts'
import { cramMd5Digest } from './cram-md5-client.ts'
import { decodeText, encodeText, maxNameOctets } from './credentials.ts'
import { ending, exchange, refused, type Script } from './exchange.ts'

interface CramResponse {
  readonly name: string
  /** 32 hexadecimal digits in lower case. */
  readonly digest: string
}

const digestDigits = 32

export const cramMd5: Mechanism = {
  name: 'CRAM-MD5',
  source: 'RFC 2195',
  needs: 'shared-secret',
  begin: verifier => exchange(initial => serve(verifier, initial)),
}

async function* serve(verifier: Verifier, initial: Uint8Array | undefined): Script {
  // The server speaks first: an answer before the question would fit a challenge that was not asked now.
  if (initial !== undefined) return refused(verifier, 'malformed', undefined)
  const challenge = freshChallenge()
  const response = parse(yield challenge)
  if (!response) return refused(verifier, 'malformed', undefined)
  const candidate = await verifier.findSecret(response.name)
  const expected = Buffer.from(cramMd5Digest(challenge, candidate.secret), 'latin1')
  const fits = timingSafeEqual(expected, Buffer.from(response.digest, 'latin1'))
  return ending(await candidate.settle(fits))
}

/** In the form of a Message-ID, RFC 2195 section 2; the host is nobody's, for it is nobody's business. */
function freshChallenge(): Uint8Array {
  return encodeText(`<${randomBytes(18).toString('hex')}.${Date.now()}@cram.invalid>`)
}

/** `name SP digest`; the name may hold spaces. */
function parse(octets: Uint8Array): CramResponse | undefined {
  const text = decodeText(octets, maxNameOctets + 1 + digestDigits)
  const match = text === undefined ? undefined : /^(.+) ([0-9a-f]{32})$/s.exec(text)
  return match?.[1] && match[2] ? { name: match[1], digest: match[2] } : undefined
}
