// What TLS needs to know of a server, which certificate for which name and how to treat those who come, and what is known
// of a connection that has it.
import type { SecureContext } from 'node:tls'

/** The certificates of a server, always the newest. */
export interface TlsContexts {
  /** The context whose certificate has that name (SNI, RFC 6066 section 3); the first for others and for none. */
  contextFor(serverName: string | undefined): SecureContext
  /** Clients are asked for a certificate, and may come without one. */
  readonly asksForCertificate: boolean
  /**
   * The certificate that every session under that name has seen that can still be resumed, in DER; undefined when that
   * is not certain. A resumed handshake sends no certificate.
   */
  resumableCertificate?(serverName: string | undefined): Uint8Array | undefined
}

export interface TlsServerOptions {
  readonly contexts: TlsContexts
  /** What the protocol is called in ALPN, RFC 7301, such as `pop3`; who offers others only is refused, who offers none is let in. */
  readonly alpn: string
  /** How long a handshake may take, in milliseconds. */
  readonly handshakeTimeoutMs: number
}

/**
 * Why TLS did not come about: clear text in place of a handshake; too slow; nothing in common; the peer went away (or the
 * connection was closed on this side meanwhile); anything else, a client that does not trust our certificate included.
 */
export type TlsFailureReason =
  | 'not-tls'
  | 'timeout'
  | 'no-shared-alpn'
  | 'no-shared-version'
  | 'no-shared-cipher'
  | 'gone'
  | 'failed'

/** The first octet of a TLS handshake, RFC 8446 section 5.1. No command of a protocol of text begins so. */
export const tlsHandshakeOctet = 0x16

export class TlsFailure extends Error {
  readonly reason: TlsFailureReason
  /** What OpenSSL says, such as `sslv3 alert certificate unknown`; never octets of the peer. */
  readonly detail: string | undefined

  constructor(reason: TlsFailureReason, detail?: string) {
    super(`no TLS: ${detail === undefined ? reason : `${reason}, ${detail}`}`)
    this.name = 'TlsFailure'
    this.reason = reason
    this.detail = detail
  }
}

/** A client's certificate that an authority of ours has signed. */
export interface PeerCertificate {
  /**
   * Mail addresses of the subject's alternative names; without any, those of the subject, then its common name. At most
   * 16.
   */
  readonly names: readonly string[]
  /** SHA-256 in hexadecimal with colons. */
  readonly fingerprint: string
}

/** The TLS of one connection. What it says stays readable when the connection is closed, but for bindings. */
export interface TlsChannel {
  /** `TLSv1.3`, `TLSv1.2`; of a listener for old devices also `TLSv1.1`, `TLSv1`. */
  readonly version: string
  /** Its name with IANA, such as `TLS_AES_128_GCM_SHA256`. */
  readonly cipher: string
  /** The name the client asked for (SNI), as it wrote it. */
  readonly serverName: string | undefined
  /** The handshake was a short one, with a ticket of an earlier session. */
  readonly resumed: boolean
  readonly clientCertificate: PeerCertificate | undefined
  /** `tls-exporter` of RFC 9266 (TLS 1.3 only), `tls-server-end-point` of RFC 5929 section 4; undefined where there is none. */
  binding(type: 'tls-exporter' | 'tls-server-end-point'): Uint8Array | undefined
}
