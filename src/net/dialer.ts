// Connecting to a server, in clear or with TLS, and putting TLS on a connection that has begun in clear. What is read and
// written is left to the caller.
import { isIP, connect as netConnect, type Socket } from 'node:net'
import { type ConnectionOptions, rootCertificates, connect as tlsConnect } from 'node:tls'

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
  /** For each of TCP and TLS. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** Rejects with an Error whose message says what went wrong where; the socket is destroyed then. Half-open is allowed. */
export async function dial({ host, port, tls, timeoutMs, signal }: DialOptions): Promise<DialedSocket> {
  const socket = netConnect({ host, port, allowHalfOpen: true, noDelay: true })
  await settled(socket, 'connect', `cannot connect to ${host} port ${port}`, { timeoutMs, signal })
  return tls ? await putTls(socket, { host, port }, tls, { timeoutMs, signal }) : socket
}

/** The client's side of a handshake on a socket that is connected. Rejects as `dial` does. */
export async function putTls(
  socket: DialedSocket,
  { host, port }: DialAddress,
  { serverName = host, verify = true, authority, alpn, options }: DialTls,
  wait: Wait,
): Promise<DialedSocket> {
  const secured = tlsConnect({
    ...options,
    socket,
    // An address has no place in SNI, RFC 6066 section 3.
    ...(isIP(serverName) === 0 && { servername: serverName }),
    rejectUnauthorized: verify,
    ...(authority !== undefined && { ca: [...rootCertificates, authority] }),
    ...(alpn !== undefined && { ALPNProtocols: [alpn] }),
  })
  await settled(secured, 'secureConnect', `no TLS with ${host} port ${port}`, wait)
  return secured
}

type Wait = Pick<DialOptions, 'timeoutMs' | 'signal'>

function settled(socket: Socket, event: string, problem: string, { timeoutMs, signal }: Wait): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(new Error(`nothing happened in ${timeoutMs / 1000} s`)), timeoutMs)
    const finish = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      socket.off('error', fail).off('close', end).off(event, succeed)
    }
    const fail = (cause: Error) => {
      finish()
      socket.on('error', () => undefined)
      socket.destroy()
      reject(new Error(`${problem}: ${cause.message}`, { cause }))
    }
    const end = () => fail(new Error('the server closed the connection'))
    const abort = () => fail(new Error('aborted'))
    const succeed = () => {
      finish()
      resolve()
    }
    signal?.addEventListener('abort', abort)
    socket.once('error', fail).once('close', end).once(event, succeed)
  })
}
