// Whom a client trusts, for libraries that make their TLS connections themselves: authorities besides those of the system, and
// pins of public keys. Where there are pins, nobody has to vouch for the certificate but the authority that is named, if one is.
import type { Socket } from 'node:net'
import { type ConnectionOptions, rootCertificates, TLSSocket } from 'node:tls'
import { keyPin } from './key-pin.ts'
import { peerCertificate } from './peer-certificate.ts'

export interface Trust {
  /** PEM */
  readonly authority?: string | undefined
  /** SHA-256 of public keys, `sha256/<base64>`; none or an empty list: any key. */
  readonly pins?: readonly string[] | undefined
}

/** For the handshake. Pins are to be checked behind it, by `pinFault`, before anything is said. */
export function trustOptions({
  authority,
  pins = [],
}: Trust): Pick<ConnectionOptions, 'ca' | 'rejectUnauthorized'> {
  return {
    ...(authority !== undefined && { ca: [...rootCertificates, authority] }),
    rejectUnauthorized: pins.length === 0 || authority !== undefined,
  }
}

/** Why a connection is not with a key that is pinned, as a sentence; undefined when it is, or none is pinned. */
export function pinFault(socket: Socket, { pins = [] }: Trust): string | undefined {
  if (pins.length === 0) return undefined
  if (!(socket instanceof TLSSocket)) return 'a key is pinned, and the server has no TLS'
  const certificate = peerCertificate(socket)
  const pin = certificate && keyPin(certificate)
  return pin !== undefined && pins.includes(pin) ? undefined : `the server's key is not pinned: it is ${pin}`
}

const trustCode = /CERT|SELF_SIGNED|^UNABLE_TO_|^ERR_TLS|^ERR_SSL|^EPROTO$/

/** Whether a code of an error of Node's says that a TLS handshake came to nothing. */
export function isTlsCode(code: string): boolean {
  return trustCode.test(code)
}
