// The certificate that a peer has shown. Node hands it out only once on a TLS 1.2 connection, so that it is kept.
import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'

const shown = new WeakMap<TLSSocket, X509Certificate>()

/** Undefined for a peer that has shown none. */
export function peerCertificate(socket: TLSSocket): X509Certificate | undefined {
  const certificate = shown.get(socket) ?? socket.getPeerX509Certificate()
  if (certificate) shown.set(socket, certificate)
  return certificate
}
