// The TLS of one connection, as logins and logs see it: version, cipher, the client's certificate, channel bindings (RFC
// 9266, RFC 5929).
import { createHash, type X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { PeerCertificate, TlsChannel, TlsContexts } from '../tls.ts'
import { endPointHash, peerNames } from './certificate-fields.ts'

const noContext = Buffer.alloc(0)
const exporterLabel = 'EXPORTER-Channel-Binding'
const exporterOctets = 32
const maxNames = 16

export class Channel implements TlsChannel {
  readonly version: string
  readonly cipher: string
  readonly serverName: string | undefined
  readonly resumed: boolean
  readonly clientCertificate: PeerCertificate | undefined
  readonly #socket: TLSSocket
  readonly #contexts: TlsContexts

  /** Of a socket whose handshake is done. */
  constructor(socket: TLSSocket, contexts: TlsContexts) {
    this.version = socket.getProtocol() ?? 'unknown'
    this.cipher = socket.getCipher().standardName
    // Node's types know of `false` only for clients; a server finds null where nothing was asked for.
    const { servername } = socket as { servername?: string | false | null }
    this.serverName = typeof servername === 'string' && servername !== '' ? servername : undefined
    this.resumed = socket.isSessionReused()
    this.#socket = socket
    this.#contexts = contexts
    this.clientCertificate = contexts.asksForCertificate ? signedCertificate(socket) : undefined
  }

  binding(type: 'tls-exporter' | 'tls-server-end-point'): Uint8Array | undefined {
    if (this.#socket.destroyed) return undefined
    return type === 'tls-exporter' ? this.#exporter() : this.#serverEndPoint()
  }

  #exporter(): Uint8Array | undefined {
    // Below TLS 1.3 it would need the extended master secret, and RFC 9266 section 4.2 wants to see that proved.
    if (this.version !== 'TLSv1.3') return undefined
    return this.#socket.exportKeyingMaterial(exporterOctets, exporterLabel, noContext)
  }

  #serverEndPoint(): Uint8Array | undefined {
    const certificate = this.resumed
      ? this.#contexts.resumableCertificate?.(this.serverName)
      : this.#socket.getX509Certificate()?.raw
    const hash = certificate && endPointHash(certificate)
    return hash === undefined
      ? undefined
      : createHash(hash)
          .update(certificate ?? noContext)
          .digest()
  }
}

/** The client's certificate, if OpenSSL found that an authority of ours has signed it, for clients, and it is valid. */
function signedCertificate(socket: TLSSocket): PeerCertificate | undefined {
  const certificate = socket.getPeerX509Certificate()
  if (!certificate || !isVerified(socket) || !isValidNow(certificate)) return undefined
  const { mail, subjectMail, common } = peerNames(certificate.raw)
  // A subject may say what its owner likes to be called, the address beside it is what was checked.
  const own = mail.length > 0 ? mail : [...subjectMail, ...common]
  const names = [...new Set(own)].slice(0, maxNames)
  return { names, fingerprint: certificate.fingerprint256 }
}

/**
 * Node sets `authorized` only for sockets of its own TLS server; there it comes from this very answer. Should a later
 * Node hide it, nobody is verified.
 */
function isVerified(socket: TLSSocket): boolean {
  if (socket.authorized) return true
  const { _handle: handle } = socket as unknown as { _handle?: { verifyError?(): unknown } }
  return handle?.verifyError !== undefined && !handle.verifyError()
}

/** A resumed session was verified when it began. */
function isValidNow(certificate: X509Certificate): boolean {
  const nowMs = Date.now()
  return Date.parse(certificate.validFrom) <= nowMs && nowMs <= Date.parse(certificate.validTo)
}
