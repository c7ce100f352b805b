// Whom a client trusts, as options for libraries that make their TLS connections themselves: authorities besides those of the
// system, and pins of public keys. What `dialer.ts` does by itself.
import { X509Certificate } from 'node:crypto'
import { type ConnectionOptions, checkServerIdentity, rootCertificates } from 'node:tls'
import { keyPin } from './key-pin.ts'

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
  const pin = keyPin(new X509Certificate(certificate))
  return pins.includes(pin) ? undefined : new Error(`the server's key is not pinned: it is ${pin}`)
}
