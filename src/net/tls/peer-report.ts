// What TLS with a server came to, and what its certificate says, for people: nothing is judged but by what OpenSSL judged.
import { createHash, type X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { peerCertificate } from './peer-certificate.ts'

export interface PeerReport {
  /** `TLSv1.3` */
  readonly protocol: string
  /** As IANA registers it. */
  readonly cipher: string
  /** The protocol that was agreed upon by ALPN, RFC 7301. */
  readonly alpn: string | undefined
  /** Why a client that checks would not go on; undefined where all is well. */
  readonly fault: string | undefined
  /** Undefined where the server has shown none. */
  readonly certificate: PeerCertificate | undefined
}

export interface PeerCertificate {
  readonly subject: string
  readonly issuer: string
  /** Names and addresses that it is for. */
  readonly names: readonly string[]
  readonly fitsHost: boolean
  readonly isSelfIssued: boolean
  readonly notBefore: Date
  readonly notAfter: Date
  /** `rsa 2048`, `ec prime256v1`, `ed25519` */
  readonly key: string
  /** `sha256/<base64>` of its SubjectPublicKeyInfo. */
  readonly pin: string
}

const maxNames = 100
const maxText = 500

/** Undefined in clear. */
export function peerReport(socket: Duplex, host: string): PeerReport | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  const certificate = peerCertificate(socket)
  const { authorizationError: fault } = socket as { authorizationError?: unknown }
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().standardName,
    alpn: socket.alpnProtocol || undefined,
    fault: socket.authorized ? undefined : textOf(fault),
    certificate: certificate && describe(certificate, host),
  }
}

function describe(certificate: X509Certificate, host: string): PeerCertificate {
  const { subject, issuer, subjectAltName = '', validFrom, validTo, publicKey } = certificate
  const names = subjectAltName.split(', ').map(name => name.replace(/^(?:DNS|IP Address):/, ''))
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {}
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  return {
    subject: inLine(subject),
    issuer: inLine(issuer),
    names: names.filter(name => name !== '').slice(0, maxNames),
    fitsHost: (isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host)) !== undefined,
    isSelfIssued: certificate.checkIssued(certificate),
    notBefore: new Date(validFrom),
    notAfter: new Date(validTo),
    key: [publicKey.asymmetricKeyType, modulusLength ?? namedCurve].filter(Boolean).join(' '),
    pin: `sha256/${createHash('sha256').update(spki).digest('base64')}`,
  }
}

function textOf(fault: unknown): string {
  if (fault instanceof Error) return fault.message
  return typeof fault === 'string' ? fault : 'it is not trusted'
}

/** Node has an attribute on each line. */
function inLine(name: string | undefined): string {
  return (name ?? '').replaceAll('\n', ', ').slice(0, maxText)
}
