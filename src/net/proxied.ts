// Takes the header of the PROXY protocol off a new connection, before anybody else reads from it.
import type { Socket } from 'node:net'
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
  readonly reason: ProxyFault | 'timeout' | 'gone'

  constructor(reason: ProxyRefusal['reason']) {
    super(`no header of the PROXY protocol: ${reason}`)
    this.reason = reason
  }
}

const defaultTimeoutMs = 5_000
/** More headers than any proxy has under way; the next connection is closed. */
export const maxUnnamed = 1_000

/** What stands behind the header is as if it had not been read. Rejects with a `ProxyRefusal`; the socket is then to be closed. */
export function takeProxyHeader(
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
