// Connecting to a server, straight or through a proxy, in clear or with TLS, and putting TLS on a connection that has begun in
// clear. What is read and written is left to the caller.
import { isIP, connect as netConnect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ConnectionOptions, rootCertificates, type TLSSocket, connect as tlsConnect } from 'node:tls'
import type { Proxy } from './proxies/proxy.ts'
import { keyPin } from './tls/key-pin.ts'
import { peerCertificate } from './tls/peer-certificate.ts'

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
  /**
   * SHA-256 of public keys (SubjectPublicKeyInfo in DER), as `sha256/<base64>`: the certificate must have one of them,
   * whatever else `verify` asks.
   */
  readonly pins?: readonly string[]
  /** PEM, shown to a server that asks who the client is. */
  readonly identity?: { readonly certificate: string; readonly key: string }
  /** Offered in ALPN, RFC 7301. */
  readonly alpn?: string
  readonly options?: Pick<ConnectionOptions, 'minVersion' | 'maxVersion' | 'ciphers'>
}

export interface DialOptions extends DialAddress {
  readonly proxy?: Proxy | undefined
  /** TLS from the first octet on. */
  readonly tls?: DialTls | undefined
  /** For each of TCP, proxy and TLS. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** Says which part of connecting failed, and why. */
export class DialError extends Error {
  override readonly name = 'DialError'
  readonly step: 'connect' | 'proxy' | 'tls'

  constructor(step: DialError['step'], message: string, cause: unknown) {
    super(message, { cause })
    this.step = step
  }
}

/** Rejects with a `DialError` whose message says what went wrong where; the socket is destroyed then. Half-open is allowed. */
export async function dial({
  host,
  port,
  proxy,
  tls,
  timeoutMs,
  signal,
}: DialOptions): Promise<DialedSocket> {
  const next = proxy ?? { host, port }
  const socket = netConnect({ host: next.host, port: next.port, allowHalfOpen: true, noDelay: true })
  const where = `${proxy ? 'the proxy ' : ''}${next.host} port ${next.port}`
  await settled(socket, 'connect', ['connect', `cannot connect to ${where}`], { timeoutMs, signal })
  if (proxy) await passProxy(socket, proxy, { host, port }, { timeoutMs, signal })
  return tls ? await putTls(socket, { host, port }, tls, { timeoutMs, signal }) : socket
}

/** To a socket in the file system. Rejects as `dial` does. */
export async function dialUnixSocket(path: string, wait: Wait): Promise<DialedSocket> {
  const socket = netConnect({ path, allowHalfOpen: true })
  await settled(socket, 'connect', ['connect', `cannot connect to ${path}`], wait)
  return socket
}

/** Few go through a proxy: what that takes is loaded when it is needed. */
async function passProxy(socket: Socket, proxy: Proxy, target: DialAddress, wait: Wait): Promise<void> {
  const { passHttpConnect, passSocks5 } = await import('./proxies/passage.ts')
  const pass = proxy.kind === 'http' ? passHttpConnect : passSocks5
  const passing = pass(socket, proxy, target)
  try {
    await settled(socket, 'connect', ['proxy', `no way through the proxy ${proxy.host}`], wait, passing)
  } finally {
    // A socket that was given up fails the reading of it, too.
    passing.catch(() => undefined)
  }
}

/** The client's side of a handshake on a socket that is connected. Rejects as `dial` does. */
export async function putTls(
  socket: Duplex,
  { host, port }: DialAddress,
  { serverName = host, verify = true, authority, pins, identity, alpn, options }: DialTls,
  wait: Wait,
): Promise<DialedSocket> {
  const secured = tlsConnect({
    ...options,
    socket,
    // An address has no place in SNI, RFC 6066 section 3.
    ...(isIP(serverName) === 0 && { servername: serverName }),
    rejectUnauthorized: verify,
    ...(authority !== undefined && { ca: [...rootCertificates, authority] }),
    ...(identity && { cert: identity.certificate, key: identity.key }),
    ...(alpn !== undefined && { ALPNProtocols: [alpn] }),
  })
  const problem = `no TLS with ${host} port ${port}`
  await settled(secured, 'secureConnect', ['tls', problem], wait)
  const pin = pins && pinOf(secured)
  if (pins && !pins.includes(pin ?? '')) {
    secured.destroy()
    throw new DialError('tls', `${problem}: the server's key is not pinned: it is ${pin}`, undefined)
  }
  return secured
}

function pinOf(socket: TLSSocket): string | undefined {
  const certificate = peerCertificate(socket)
  return certificate && keyPin(certificate)
}

type Wait = Pick<DialOptions, 'timeoutMs' | 'signal'>

/** Waits for the event, or for work to be done; whatever else happens first is a failure. */
function settled(
  socket: Socket,
  event: string,
  [step, problem]: readonly [DialError['step'], string],
  { timeoutMs, signal }: Wait,
  work?: Promise<void>,
): Promise<void> {
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
      reject(new DialError(step, `${problem}: ${reasonOf(cause)}`, cause))
    }
    const end = () => fail(new Error('the server closed the connection'))
    const abort = () => fail(new Error('aborted'))
    const succeed = () => {
      finish()
      resolve()
    }
    if (signal?.aborted) return abort()
    signal?.addEventListener('abort', abort)
    socket.once('error', fail).once('close', end).once(event, succeed)
    work?.then(succeed, fail)
  })
}

/** OpenSSL gives the addresses of its own lines; and has several words for a server that does not begin with TLS. */
function reasonOf({ message, reason }: Error & { readonly reason?: unknown }): string {
  if (typeof reason !== 'string' || !message.includes('SSL routines')) return message
  const isClear = /wrong version number|packet length too long|record overflow|http request/i.test(reason)
  return isClear ? 'the server speaks in clear there' : reason
}
