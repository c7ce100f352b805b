// What binds a login to the TLS it goes through, seen from the client: RFC 9266 for TLS 1.3, RFC 5929 section 4 below.
import { createHash } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { endPointHash } from './certificate-fields.ts'
import { peerCertificate } from './peer-certificate.ts'

export interface ClientBinding {
  readonly type: 'tls-exporter' | 'tls-server-end-point'
  readonly octets: Uint8Array
}

/** Undefined in clear, and where the certificate's signature has no hash of its own. */
export function clientBinding(socket: Duplex): ClientBinding | undefined {
  if (!(socket instanceof TLSSocket) || socket.destroyed) return undefined
  if (socket.getProtocol() === 'TLSv1.3')
    return {
      type: 'tls-exporter',
      octets: socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)),
    }
  const certificate = peerCertificate(socket)?.raw
  const hash = certificate && endPointHash(certificate)
  if (!certificate || hash === undefined) return undefined
  return { type: 'tls-server-end-point', octets: createHash(hash).update(certificate).digest() }
}
