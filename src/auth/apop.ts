// The digest of APOP, RFC 1939 section 7. It is no SASL mechanism, and MD5 is what it is: only for accounts that opt in.
import { createHash, timingSafeEqual } from 'node:crypto'

/** The MD5 of timestamp and secret as 32 hexadecimal digits in lower case. The angle brackets belong to the timestamp. */
export function apopDigest(timestamp: string, secret: Uint8Array): string {
  return createHash('md5').update(timestamp, 'latin1').update(secret).digest('hex')
}

/** Whether the digest is that of timestamp and secret, digits in lower case; in the same time for any digest. */
export function apopDigestFits(digest: string, timestamp: string, secret: Uint8Array): boolean {
  const expected = Buffer.from(apopDigest(timestamp, secret), 'latin1')
  // What is no digest is compared all the same, as one that fits nothing.
  const given = Buffer.from(/^[0-9a-f]{32}$/.test(digest) ? digest : '-'.repeat(32), 'latin1')
  return timingSafeEqual(given, expected)
}
