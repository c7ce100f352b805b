// A TLS handshake on the server's side of a socket that is connected: it succeeds, or fails for one reason, in bounded
// time. RFC 8446 section 4, RFC 5246 section 7.
import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket, type TLSSocketOptions } from 'node:tls'
import { type TlsContexts, TlsFailure, type TlsFailureReason, type TlsServerOptions } from '../tls.ts'

/** Puts TLS on a socket. What the socket has read and nobody took goes to TLS too, as if it came only now. */
export function serverSide(plain: Socket, { contexts, alpn }: TlsServerOptions): TLSSocket {
  const options: TLSSocketOptions & { ALPNCallback(offer: { protocols: string[] }): string | undefined } = {
    isServer: true,
    secureContext: contexts.contextFor(undefined),
    SNICallback: (serverName, done) => chooseContext(contexts, serverName, done),
    // Undefined refuses: with the wrong protocol nothing good can follow (the ALPACA attacks).
    ALPNCallback: ({ protocols }) => (protocols.includes(alpn) ? alpn : undefined),
    requestCert: contexts.asksForCertificate,
    rejectUnauthorized: false,
  }
  return new TLSSocket(plain, options)
}

/** Called out of OpenSSL, where not every Node we run on catches anything. */
function chooseContext(
  contexts: TlsContexts,
  serverName: string,
  done: (error: Error | null, context?: SecureContext) => void,
): void {
  let context: SecureContext
  try {
    context = contexts.contextFor(serverName)
  } catch (error) {
    done(error as Error)
    return
  }
  done(null, context)
}

/** What becomes of one handshake: the first word counts. */
export class Handshake {
  readonly done: Promise<void>
  #resolve: () => void = () => undefined
  #reject: (failure: TlsFailure) => void = () => undefined
  #failure: TlsFailure | undefined
  readonly #timer: NodeJS.Timeout

  /** Calls `onTimeout`, which has to close the connection, when it takes longer than `timeoutMs`. */
  constructor(timeoutMs: number, onTimeout: () => void) {
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#timer = setTimeout(() => {
      this.fail(new TlsFailure('timeout'))
      onTimeout()
    }, timeoutMs)
  }

  /** Says why the connection is about to be closed. */
  fail(failure: TlsFailure): void {
    this.#failure ??= failure
  }

  succeed(): void {
    clearTimeout(this.#timer)
    this.#resolve()
  }

  /** The connection is closed. */
  closed(): void {
    clearTimeout(this.#timer)
    this.#reject(this.#failure ?? new TlsFailure('gone'))
  }
}

const reasons: Readonly<Record<string, TlsFailureReason>> = {
  ERR_SSL_HTTP_REQUEST: 'not-tls',
  ERR_SSL_HTTPS_PROXY_REQUEST: 'not-tls',
  ERR_SSL_WRONG_VERSION_NUMBER: 'not-tls',
  ERR_SSL_UNKNOWN_PROTOCOL: 'not-tls',
  ERR_SSL_NO_APPLICATION_PROTOCOL: 'no-shared-alpn',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'no-shared-version',
  ERR_SSL_VERSION_TOO_LOW: 'no-shared-version',
  ERR_SSL_NO_SHARED_CIPHER: 'no-shared-cipher',
  ECONNRESET: 'gone',
  EPIPE: 'gone',
}

/** The failure behind an error of Node's TLS. */
export function tlsFailure(error: NodeJS.ErrnoException & { reason?: string }): TlsFailure {
  return new TlsFailure(reasons[error.code ?? ''] ?? 'failed', error.reason)
}
