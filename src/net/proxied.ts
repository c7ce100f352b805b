// Takes the header of the PROXY protocol off a new connection, before anybody else reads from it.
import type { Socket } from 'node:net'
import { isLoopbackAddress } from './limits.ts'
import { type ProxiedPeer, type ProxyFault, parseProxyHeader } from './proxy-protocol.ts'

/** Which proxies are believed. */
export interface ProxyOptions {
  /** Whether a header must come first from this address; from all others none is believed. */
  readonly trusts: (address: string) => boolean
  /** For the whole header. Default 5 seconds. */
  readonly timeoutMs?: number
}

/** Why there is no header. */
export class ProxyRefusal extends Error {
  override readonly name = 'ProxyRefusal'
  readonly reason: ProxyFault | 'timeout' | 'gone' | 'too many'

  constructor(reason: ProxyRefusal['reason']) {
    super(`no header of the PROXY protocol: ${reason}`)
    this.reason = reason
  }
}

const defaultTimeoutMs = 5_000
/** More headers than any proxy has under way; the next connection is closed. */
const maxWaiting = 1_000

/** Connections of proxies that are believed, until each has said whom it brings. */
export class Introductions {
  readonly #waiting = new Set<Socket>()
  readonly #options: ProxyOptions

  constructor(options: ProxyOptions) {
    this.#options = options
  }

  /** The address of whom the proxy brings. Rejects with a `ProxyRefusal`, the socket closed. */
  async whomBrings(proxy: string, socket: Socket): Promise<string> {
    if (this.#waiting.size >= maxWaiting) {
      socket.destroy()
      throw new ProxyRefusal('too many')
    }
    this.#waiting.add(socket)
    try {
      return addressBehind(proxy, await takeProxyHeader(socket, this.#options.timeoutMs))
    } catch (error) {
      socket.destroy()
      throw error
    } finally {
      this.#waiting.delete(socket)
    }
  }

  /** Closes those that wait. */
  close(): void {
    for (const socket of this.#waiting) socket.destroy()
  }
}

/**
 * Who counts as the peer. A client on the proxy's own machine is not on ours, and must not have what is for this machine
 * alone: it has the proxy's address.
 */
export function addressBehind(proxy: string, peer: ProxiedPeer | undefined): string {
  if (!peer || (isLoopbackAddress(peer.address) && !isLoopbackAddress(proxy))) return proxy
  return peer.address
}

/** What stands behind the header is as if it had not been read. Rejects with a `ProxyRefusal`; the socket is then to be closed. */
function takeProxyHeader(
  socket: Socket,
  timeoutMs: number = defaultTimeoutMs,
): Promise<ProxiedPeer | undefined> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0)
    const timer = setTimeout(() => refuse('timeout'), timeoutMs)
    const finish = () => {
      clearTimeout(timer)
      socket.off('readable', read).off('close', leave).off('end', leave)
    }
    const refuse = (reason: ProxyRefusal['reason']) => {
      finish()
      reject(new ProxyRefusal(reason))
    }
    const leave = () => refuse('gone')
    const read = () => {
      const chunk = socket.read() as Buffer | null
      if (chunk === null) return
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
      const header = parseProxyHeader(received)
      if (header.kind === 'incomplete') return
      if (header.kind === 'malformed') return refuse(header.reason)
      finish()
      if (received.length > header.octets) socket.unshift(received.subarray(header.octets))
      resolve(header.peer)
    }
    // Nobody else listens yet, and an error ends in 'close'.
    socket.on('error', () => undefined)
    socket.on('readable', read).on('close', leave).on('end', leave)
  })
}
