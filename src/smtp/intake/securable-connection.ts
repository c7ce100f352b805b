// The library's connection with a STARTTLS that keeps its word (RFC 3207): nothing that came in clear outlives it, the
// certificate is the newest there is, and a handshake takes no longer than it may.
import type { SMTPServer } from 'smtp-server'
import { SMTPConnection, type SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js'
import { tlsFailure } from '../../net/tls/handshake.ts'
import type { TlsFailureReason, TlsServerOptions } from '../../net/tls.ts'
import { DataParser } from './data-parser.ts'

export type Socket = ConstructorParameters<typeof SMTPConnection>[1]

/** Why there is no TLS after STARTTLS. `injection`: something in clear stood behind the command. */
export type HandshakeFailure = TlsFailureReason | 'injection'

export abstract class SecurableConnection extends SMTPConnection {
  readonly #tls: TlsServerOptions | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(
    server: SMTPServer,
    socket: Socket,
    options: SMTPConnectionOptions,
    tls: TlsServerOptions | undefined,
  ) {
    super(server, socket, options)
    this.#tls = tls
  }

  /** From the 220 of STARTTLS to the end of the handshake; nothing may be sent meanwhile. */
  get isHandshaking(): boolean {
    return this.#timer !== undefined
  }

  /** The session begins anew, on the socket that is given. */
  protected abstract handshakeSucceeded(socket: Socket): void

  /** Called once: there is no TLS and there will be none. The connection must close. */
  protected abstract handshakeFailed(reason: HandshakeFailure): void

  /** To be called before anything else of a connection that has come with TLS. */
  beginSecured(): void {
    this.secure = true
    this.session.secure = true
    if ('getCipher' in this._socket) this.tlsOptions = this._socket.getCipher()
  }

  /** To be called when the library says that the handshake is done. */
  secured(socket: Socket): void {
    this.#stopTimer()
    this.handshakeSucceeded(socket)
  }

  override handler_STARTTLS(command: Buffer, callback: () => void): void {
    const parser = this._parser
    const mayStart = this.#tls && parser instanceof DataParser && !this.secure
    // The library refuses arguments, and a second STARTTLS.
    if (!mayStart || command.toString('latin1').trim().length > 'STARTTLS'.length) {
      return super.handler_STARTTLS(command, callback)
    }
    if (parser.hasInputBehind || this._socket.readableLength > 0) return this.handshakeFailed('injection')
    this._socket.unpipe(parser)
    this.send(220, 'Ready to start TLS')
    this.#timer = setTimeout(() => this.#fail('timeout'), this.#tls.handshakeTimeoutMs)
    whenFlushed(this._socket, () => this.upgrade(callback))
  }

  override upgrade(callback: () => void, secureCallback?: () => void): void {
    if (!this.#tls || this._socket.destroyed) return
    this._server.secureContext.set('*', this.#tls.contexts.contextFor(undefined))
    super.upgrade(callback, secureCallback)
  }

  override _onError(error: Error & { code?: string | undefined }): void {
    if (this.isHandshaking) this.#fail(tlsFailure(error).reason)
    super._onError(error)
  }

  override _onClose(): void {
    if (this.isHandshaking) this.#fail('gone')
    super._onClose()
  }

  #fail(reason: HandshakeFailure): void {
    this.#stopTimer()
    this.handshakeFailed(reason)
  }

  #stopTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

/** What was sent in clear must be out of Node's hands before TLS takes the socket over. */
function whenFlushed(socket: Socket, next: () => void): void {
  while (socket.writableCorked > 0) socket.uncork()
  if (socket.writableLength === 0) next()
  else socket.write('', () => next())
}
