// Connecting to a server, in clear or with TLS, and putting TLS on a connection that has begun in clear. What is read and
// written is left to the caller.
import { isIP, connect as netConnect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls'

/** A TCP socket, or the TLS socket over it. */
export type DialedSocket = Socket

export interface DialAddress {
  readonly host: string
  readonly port: number
}

export interface DialTls {
  /** The name that the certificate must have; default: the host. */
  readonly serverName?: string
  /** Whether a certificate that nobody vouches for, or of another name, is an error. Default: it is. */
  readonly verify?: boolean
  /** PEM, trusted besides those of the system. */
  readonly authority?: string
  /** Offered in ALPN, RFC 7301. */
  readonly alpn?: string
  readonly options?: Pick<ConnectionOptions, 'minVersion' | 'maxVersion' | 'ciphers'>
}

export interface DialOptions extends DialAddress {
  /** TLS from the first octet on. */
  readonly tls?: DialTls | undefined
  readonly timeoutMs: number
}

/** Rejects with an Error whose message says what went wrong where; the socket is destroyed then. Half-open is allowed. */
export async function dial({ host, port, tls, timeoutMs }: DialOptions): Promise<DialedSocket> {
  const socket = netConnect({ host, port, allowHalfOpen: true, noDelay: true })
  await settled(socket, 'connect', timeoutMs, `cannot connect to ${host} port ${port}`)
  return tls ? await putTls(socket, { host, port }, tls, timeoutMs) : socket
}

/** The client's side of a handshake on a socket that is connected. Rejects as `dial` does. */
export async function putTls(
  socket: DialedSocket,
  { host, port }: DialAddress,
  { serverName = host, verify = true, authority, alpn, options }: DialTls,
  timeoutMs: number,
): Promise<DialedSocket> {
  const secured = tlsConnect({
    ...options,
    socket,
    // An address has no place in SNI, RFC 6066 section 3.
    ...(isIP(serverName) === 0 && { servername: serverName }),
    rejectUnauthorized: verify,
    ...(authority !== undefined && { ca: authority }),
    ...(alpn !== undefined && { ALPNProtocols: [alpn] }),
  })
  await settled(secured, 'secureConnect', timeoutMs, `no TLS with ${host} port ${port}`)
  return secured
}

function settled(socket: Socket, event: string, timeoutMs: number, problem: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(new Error(`nothing happened in ${timeoutMs / 1000} s`)), timeoutMs)
    const fail = (cause: Error) => {
      clearTimeout(timer)
      socket.destroy()
      reject(new Error(`${problem}: ${cause.message}`, { cause }))
    }
    const end = () => fail(new Error('the server closed the connection'))
    socket.once('error', fail)
    socket.once('close', end)
    socket.once(event, () => {
      clearTimeout(timer)
      socket.off('error', fail)
      socket.off('close', end)
      resolve()
    })
  })
}
