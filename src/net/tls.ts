// What TLS needs to know of a server: which certificate for which name, and how to treat those who come.
import type { SecureContext } from 'node:tls'

/** The certificates of a server, always the newest. */
export interface TlsContexts {
  /** The context whose certificate has that name (SNI, RFC 6066 section 3); the first for others and for none. */
  contextFor(serverName: string | undefined): SecureContext
  /** Clients are asked for a certificate, and may come without one. */
  readonly asksForCertificate: boolean
}

export interface TlsServerOptions {
  readonly contexts: TlsContexts
  /** What the protocol is called in ALPN, RFC 7301, such as `pop3`; who offers others only is refused, who offers none is let in. */
  readonly alpn: string
  /** How long a handshake may take, in milliseconds. */
  readonly handshakeTimeoutMs: number
}
