// The library's server, tamed: our connections, limits before anything is read, no reverse look-ups, no TLS or AUTH that
// was not configured, no joke commands of old mailers, and no error event without somebody to hear it.
import { SMTPServer, type SMTPServerAddress, type SMTPServerSession } from 'smtp-server'
import type { SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js'
import { peerOf } from '../../net/connection.ts'
import type { Gate } from '../../net/connection-gate.ts'
import type { ConnectionCounter } from '../../net/limits.ts'
import { shed } from '../../net/listener.ts'
import { Introductions, type ProxyOptions, ProxyRefusal } from '../../net/proxied.ts'
import { securedSocket } from '../../net/tls/secured-socket.ts'
import { type TlsContexts, TlsFailure } from '../../net/tls.ts'
import { IntakeConnection, type IntakeServices } from './connection.ts'
import { asLibraryError, type ReplyName, replies } from './replies.ts'

export interface IntakeServerOptions extends IntakeServices {
  readonly hostname: string
  readonly maxOctets: number
  /** Shared by the servers of all addresses. */
  readonly counter: ConnectionCounter
  readonly proxy: ProxyOptions | undefined
  readonly gate: Gate | undefined
  /** TLS comes before the greeting. */
  readonly hasImplicitTls: boolean
  readonly onOpen: (connection: IntakeConnection) => void
  readonly onClosed: (connection: IntakeConnection) => void
}

type Socket = Parameters<SMTPServer['connect']>[0]
type Context = ReturnType<TlsContexts['contextFor']>
type Callback = (error?: Error | null) => void

/** RFC 5321 section 4.5.3.1.4 asks for 512 octets and what extensions add; this has room for both. */
const maxCommandOctets = 2048
/** With the responses of AUTH, RFC 4954 section 4. */
const maxResponseOctets = 12_288
const disabledCommands = ['XFORWARD', 'WIZ', 'SHELL', 'KILL']
/** How long a refused peer may take to read why. */
const lastWordsMs = 1_000
const tooMany = replies['too-many-connections']
const tooManyLine = `${tooMany.code} ${tooMany.text}\r\n`

export class IntakeServer extends SMTPServer {
  readonly #options: IntakeServerOptions
  readonly #introductions: Introductions | undefined
  readonly #connections = new WeakMap<SMTPServerSession, IntakeConnection>()
  readonly #inHandshake = new Set<Socket>()

  constructor(options: IntakeServerOptions) {
    super({
      name: options.hostname,
      banner: 'Poplar',
      heloResponse: '%s greets %s',
      lmtp: options.protocol === 'lmtp',
      size: options.maxOctets,
      disabledCommands: [
        ...disabledCommands,
        ...(options.tls && !options.hasImplicitTls ? [] : ['STARTTLS']),
        ...(options.logins ? [] : ['AUTH']),
        ...(options.mayUseXclient ? [] : ['XCLIENT']),
      ],
      hideENHANCEDSTATUSCODES: false,
      disableReverseLookup: true,
      logger: false,
      maxCommandLength: options.logins ? maxResponseOctets : maxCommandOctets,
      authOptional: options.logins?.isRequired !== true,
      authRequiredMessage: replies['login-required'].text,
      socketTimeout: options.timeoutMs,
    })
    this.#options = options
    this.#introductions = options.proxy && new Introductions(options.proxy)
    // The library has a certificate of its own, whose key is known to everybody.
    this.secureContext.clear()
    // A socket error is told by the end of its session; an error while accepting passes.
    this.on('error', error => options.log.debug({ err: error }, 'connection failed'))
    // The library listens to a socket's errors only from the next turn of the event loop on.
    this.server.on('connection', socket => socket.on('error', () => undefined))
  }

  override connect(socket: Socket, options: SMTPConnectionOptions | null = {}): void {
    const { proxy } = this.#options
    const peer = peerOf(socket)
    const introduced = proxy?.trusts(peer) ? this.#introductions?.whomBrings(peer, socket) : undefined
    if (introduced) void this.#connectProxied(socket, peer, introduced, options ?? {})
    else this.#admit(socket, peer, options ?? {})
  }

  /** Accepts no more, from this moment; sessions that exist go on. */
  stopAccepting(): void {
    this.server.close()
    this.#introductions?.close()
    for (const socket of this.#inHandshake) socket.destroy()
  }

  async #connectProxied(
    socket: Socket,
    proxy: string,
    introduced: Promise<string>,
    options: SMTPConnectionOptions,
  ): Promise<void> {
    const { log, observer, protocol } = this.#options
    try {
      this.#admit(socket, await introduced, options)
    } catch (error) {
      if (!(error instanceof ProxyRefusal)) throw error
      log.warn({ peer: proxy, reason: error.reason }, `${protocol} connection of a proxy without its header`)
      observer?.turnedAway?.(protocol, proxy, `proxy: ${error.reason}`)
    }
  }

  #admit(socket: Socket, peer: string, options: SMTPConnectionOptions): void {
    const { counter, gate, observer, protocol, hasImplicitTls } = this.#options
    if (socket.destroyed) return
    const reason = gate?.refusalOf(peer)
    if (reason) {
      observer?.turnedAway?.(protocol, peer, `shed: ${reason}`)
      return shed(socket, hasImplicitTls ? undefined : tooManyLine)
    }
    if (!counter.enter(peer)) {
      observer?.turnedAway?.(protocol, peer, 'too-many')
      return hasImplicitTls ? void socket.destroy() : refuse(socket)
    }
    if (hasImplicitTls) void this.#handshake(socket, peer, options)
    else this.#begin(socket, peer, options)
  }

  async #handshake(socket: Socket, peer: string, options: SMTPConnectionOptions): Promise<void> {
    const { counter, tls, protocol, observer, onHandshakeFailed } = this.#options
    this.#inHandshake.add(socket)
    try {
      if (!tls) throw new TlsFailure('failed')
      const secured = await securedSocket(socket, tls)
      this.#begin(secured, peer, options)
    } catch (error) {
      counter.leave(peer)
      onHandshakeFailed()
      const { reason } = error instanceof TlsFailure ? error : new TlsFailure('failed')
      observer?.turnedAway?.(protocol, peer, `tls: ${reason}`)
    } finally {
      this.#inHandshake.delete(socket)
    }
  }

  #begin(socket: Socket, peer: string, options: SMTPConnectionOptions): void {
    const { counter, hasImplicitTls, onOpen, onClosed } = this.#options
    const named = { ...options, remoteAddress: peer }
    const connection = new IntakeConnection(this, socket, named, this.#options)
    this.#connections.set(connection.session, connection)
    this.connections.add(connection)
    connection.on('error', (error: Error) => this._onError(error))
    connection.once('closed', () => {
      counter.leave(peer)
      onClosed(connection)
    })
    onOpen(connection)
    if (hasImplicitTls) connection.beginSecured()
    connection.init()
  }

  override onConnect(_session: SMTPServerSession, callback: Callback): void {
    callback()
  }

  override onSecure(socket: Socket, session: SMTPServerSession, callback: Callback): void {
    this.#connections.get(session)?.secured(socket)
    callback()
  }

  override _resolveSNI(serverName: string, callback: (error: Error | null, context?: Context) => void): void {
    callback(null, this.#options.tls?.contexts.contextFor(serverName))
  }

  override onMailFrom(address: SMTPServerAddress, session: SMTPServerSession, callback: Callback): void {
    answer(this.#connections.get(session)?.acceptReversePath(address), callback)
  }

  override onRcptTo(address: SMTPServerAddress, session: SMTPServerSession, callback: Callback): void {
    const connection = this.#connections.get(session)
    if (!connection) return answer('fault', callback)
    connection
      .acceptForwardPath(address)
      .then(refusal => answer(refusal, callback))
      .catch(error => connection.fail(error))
  }
}

function answer(refusal: ReplyName | undefined, callback: Callback): void {
  callback(refusal ? asLibraryError(refusal) : null)
}

function refuse(socket: Socket): void {
  socket.end(tooManyLine)
  socket.resume()
  socket.setTimeout(lastWordsMs, () => socket.destroy())
}
