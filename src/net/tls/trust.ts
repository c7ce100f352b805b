// Whom a client trusts, as options for libraries that make their TLS connections themselves: authorities besides those of the
// system, and pins of public keys. What `dialer.ts` does by itself.
import { createHash, X509Certificate } from 'node:crypto'
import { type ConnectionOptions, checkServerIdentity, rootCertificates } from 'node:tls'

export interface Trust {
  /** PEM */
  readonly authority?: string | undefined
  /** SHA-256 of public keys, `sha256/<base64>`; none or an empty list: any key. */
  readonly pins?: readonly string[] | undefined
}

/** A pin is asked for besides name and authority. */
export function trustOptions({
  authority,
  pins = [],
}: Trust): Pick<ConnectionOptions, 'ca' | 'checkServerIdentity'> {
  return {
    ...(authority !== undefined && { ca: [...rootCertificates, authority] }),
    ...(pins.length > 0 && {
      checkServerIdentity: (host, certificate) =>
        checkServerIdentity(host, certificate) ?? pinFault(certificate.raw, pins),
    }),
  }
}

function pinFault(certificate: Uint8Array, pins: readonly string[]): Error | undefined {
  const key = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' })
  const pin = `sha256/${createHash('sha256').update(key).digest('base64')}`
  return pins.includes(pin) ? undefined : new Error(`the server's key is not pinned: it is ${pin}`)
}
