// Listening on one or several addresses: all of them, or none and an error that names the address and the reason.
import { type AddressInfo, createServer, isIP, isIPv6, type Server, type Socket } from 'node:net'
import { Connection, peerOf } from './connection.ts'
import type { Gate, ShedReason } from './connection-gate.ts'
import { descriptorFault, formatInheritedSocket, type InheritedSocket } from './inherited-sockets.ts'
import { ConnectionCounter, type ConnectionLimits } from './limits.ts'
import { Introductions, type ProxyOptions, ProxyRefusal } from './proxied.ts'
import { TlsFailure, type TlsFailureReason, type TlsServerOptions } from './tls.ts'

export interface ListenAddress {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
}

/** Where a server listens: an address it binds, or a socket that listens already. */
export type ListenPlace = ListenAddress | InheritedSocket

export interface ListenerOptions {
  readonly addresses: readonly ListenPlace[]
  readonly limits: ConnectionLimits
  /** Sent to a peer that is one too many, before it is closed. US-ASCII. Under `tls` such a peer is closed without a word. */
  readonly refusal: string
  /** Whom it sheds gets the refusal too, and nothing else is done for it. Default: nobody is shed. */
  readonly gate?: Gate | undefined
  /** Which addresses are let in at all; the others are closed at once. Default: all. */
  readonly admits?: (peer: string) => boolean
  /** Proxies that say who has connected to them. */
  readonly proxy?: ProxyOptions
  /** TLS from the first octet on (RFC 8314 section 3). */
  readonly tls?: TlsServerOptions
  /** With TLS, when the handshake is done. */
  readonly onConnection: (connection: Connection) => void
  /** An address was not let in. */
  readonly onRefused?: (peer: string) => void
  /** A proxy that is believed did not say whom it brings, and was closed. */
  readonly onProxyRefused?: (proxy: string, reason: ProxyRefusal['reason']) => void
  /** The gate shed a connection. */
  readonly onShed?: (peer: string, reason: ShedReason) => void
  /** A connection was one too many. */
  readonly onTooMany?: (peer: string) => void
  /** Once for each connection that never came to `onConnection` because TLS failed; `detail` is OpenSSL's reason. */
  readonly onTlsFailure?: (peer: string, reason: TlsFailureReason, detail: string | undefined) => void
}

export interface Listener {
  /** With the ports the system chose. */
  readonly addresses: readonly ListenAddress[]
  /** Accepts no more, from this moment, and cuts handshakes; connections that exist go on. */
  close(): void
}

/**
 * Connections that may wait to be accepted: a peer beyond tries again only after a second. Linux has no more than
 * net.core.somaxconn, by default as many.
 */
const backlog = 4096

/** Reads `address:port` or `[IPv6 address]:port`; undefined when it is neither. A host name is not an address. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2] ?? ''
  const port = Number(match?.[3])
  const known = match?.[1] === undefined ? isIP(host) === 4 || host === 'localhost' : isIPv6(host)
  return known && port <= 65_535 ? { host, port } : undefined
}

export function formatListenAddress({ host, port }: ListenAddress): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
}

/** Binds every address, or rejects with the first that can't be bound and releases the others. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const reception = new Reception(options)
  const servers: Server[] = []
  try {
    for (const address of options.addresses) {
      const server = createServer({ allowHalfOpen: true, noDelay: true }, socket => reception.receive(socket))
      await bind(server, address)
      servers.push(server)
    }
  } catch (error) {
    for (const server of servers) server.close()
    throw error
  }
  return {
    addresses: servers.map(boundAddress),
    close: () => {
      for (const server of servers) server.close()
      reception.close()
    },
  }
}

/** Who comes in, and how: address, number of connections, TLS. */
class Reception {
  readonly #options: ListenerOptions
  readonly #counter: ConnectionCounter
  readonly #inHandshake = new Set<Connection>()
  readonly #introductions: Introductions | undefined

  constructor(options: ListenerOptions) {
    this.#options = options
    this.#counter = new ConnectionCounter(options.limits)
    this.#introductions = options.proxy && new Introductions(options.proxy)
  }

  receive(socket: Socket): void {
    const { proxy } = this.#options
    const peer = peerOf(socket)
    const introduced = proxy?.trusts(peer) ? this.#introductions?.whomBrings(peer, socket) : undefined
    if (introduced) void this.#receiveProxied(socket, peer, introduced)
    else this.#admit(socket, peer)
  }

  async #receiveProxied(socket: Socket, proxy: string, introduced: Promise<string>): Promise<void> {
    try {
      this.#admit(socket, await introduced)
    } catch (error) {
      if (!(error instanceof ProxyRefusal)) throw error
      this.#options.onProxyRefused?.(proxy, error.reason)
    }
  }

  #admit(socket: Socket, peer: string): void {
    const { admits, gate, onConnection, onRefused, onShed, onTooMany, tls } = this.#options
    const reason = gate?.refusalOf(peer)
    if (reason) {
      shed(socket, tls ? undefined : this.#options.refusal)
      onShed?.(peer, reason)
      return
    }
    const connection = new Connection(socket, peer)
    if (admits && !admits(peer)) {
      connection.cut()
      onRefused?.(peer)
      return
    }
    if (!this.#counter.enter(peer)) {
      this.#turnAway(socket, connection)
      onTooMany?.(peer)
      return
    }
    socket.once('close', () => this.#counter.leave(peer))
    if (tls) void this.#handshake(connection, tls)
    else onConnection(connection)
  }

  close(): void {
    for (const connection of this.#inHandshake) connection.cut()
    this.#introductions?.close()
  }

  #turnAway(socket: Socket, connection: Connection): void {
    if (this.#options.tls) return connection.cut()
    connection.sendText(this.#options.refusal)
    connection.end()
    // Nobody keeps this connection, so nobody would end its lingering.
    socket.setTimeout(1_000, () => socket.destroy())
  }

  async #handshake(connection: Connection, tls: TlsServerOptions): Promise<void> {
    this.#inHandshake.add(connection)
    try {
      await connection.startTls(tls)
    } catch (error) {
      const { reason, detail } = error instanceof TlsFailure ? error : new TlsFailure('failed')
      this.#options.onTlsFailure?.(connection.peer, reason, detail)
      return
    } finally {
      this.#inHandshake.delete(connection)
    }
    this.#options.onConnection(connection)
  }
}

/** Says one line, or nothing, and closes, in as few steps as there are: nothing is read, nothing waits for the peer. */
export function shed(socket: Socket, line: string | undefined): void {
  socket.on('error', ignored)
  if (line === undefined) {
    socket.destroy()
    return
  }
  socket.write(line, 'latin1')
  socket.destroySoon()
}

function ignored(): void {
  // The peer has gone, as it was to.
}

/** Binds one address, or takes over a socket; rejects with an error that names it and the reason. */
export async function bind(server: Server, place: ListenPlace): Promise<void> {
  const isInherited = 'fd' in place
  const fault = isInherited ? descriptorFault(place.fd) : undefined
  if (fault !== undefined) throw placeError(place, fault)
  await new Promise<void>((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException) => {
      const problems = isInherited ? inheritedProblems : bindProblems
      reject(placeError(place, problems[cause.code ?? ''] ?? cause.message, cause))
    }
    server.once('error', fail)
    server.listen(isInherited ? { fd: place.fd, backlog } : { ...place, backlog }, () => {
      // Of what has no port Node knows no address.
      if (typeof server.address() !== 'object' || server.address() === null) {
        server.close()
        reject(placeError(place, 'it is a Unix socket, and TCP is spoken here'))
        return
      }
      server.off('error', fail)
      // After binding, only accepting can fail (no descriptors left); the next attempt may succeed.
      server.on('error', () => undefined)
      resolve()
    })
  })
}

function placeError(place: ListenPlace, reason: string, cause?: Error): Error {
  const name = 'fd' in place ? formatInheritedSocket(place) : formatListenAddress(place)
  return new Error(`cannot listen on ${name}: ${reason}`, { cause })
}

/** Node's words for what is no stream, or does not listen. */
const inheritedProblems: Readonly<Record<string, string>> = {
  EINVAL: 'it is no TCP socket that listens',
  ERR_INVALID_FD_TYPE: 'it is no TCP socket that listens',
}

const bindProblems: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is already in use',
  EACCES: 'permission denied (ports below 1024 need a privilege)',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'no such host',
}

/** The address a server is bound to, with the port the system chose. */
export function boundAddress(server: Server): ListenAddress {
  const { address, port } = server.address() as AddressInfo
  return { host: address, port }
}
