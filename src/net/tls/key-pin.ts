// The name of a public key for pinning: SHA-256 of its SubjectPublicKeyInfo.
import { createHash, type X509Certificate } from 'node:crypto'

/** `sha256/<base64>`. */
export function keyPin({ publicKey }: X509Certificate): string {
  const octets = publicKey.export({ type: 'spki', format: 'der' })
  return `sha256/${createHash('sha256').update(octets).digest('base64')}`
}
