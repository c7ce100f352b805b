// A connection with an IMAP server, logged in, by the library `imapflow`: with the rules that the POP3 client has, for TLS, pins
// and passwords in clear. The library says some failures by `error` events; they never end the process here.
import type { ImapFlow as Connection } from 'imapflow'
import { keyPin } from '../../../../net/tls/key-pin.ts'
import { peerCertificate } from '../../../../net/tls/peer-certificate.ts'
import { trustOptions } from '../../../../net/tls/trust.ts'
import type { TlsPolicy } from '../../../client/index.ts'
import type { ClientIdentity } from '../certificate-files.ts'

export interface ImapConnectionOptions {
  readonly host: string
  readonly port: number
  readonly tls: TlsPolicy
  /** Lets a password go out in clear. */
  readonly allowCleartextAuth: boolean
  /** `sha256/<base64>`; where there are some, nobody has to vouch for the certificate but `authority`, if there is one. */
  readonly pins: readonly string[]
  /** PEM, trusted besides the usual ones. */
  readonly authority: string | undefined
  /** Shown to a server that asks who the client is. */
  readonly identity?: ClientIdentity | undefined
  /** `socks5:`, `socks5h:` or `http:`. */
  readonly proxy: string | undefined
  readonly user: string
  readonly secret: ImapSecret
  readonly timeouts?: ImapTimeouts
}

export type ImapSecret = { readonly password: string } | { readonly token: string }

/** In milliseconds. */
export interface ImapTimeouts {
  /** Default 20,000. */
  readonly connect?: number
  /** Default 30,000. */
  readonly greeting?: number
  /** In which nothing comes. Default 60,000. */
  readonly stall?: number
}

/** Why the password was not said. */
export class UnsafeChannel extends Error {
  override readonly name = 'UnsafeChannel'
  readonly reason: 'cleartext' | 'pin'

  constructor(reason: UnsafeChannel['reason'], message: string) {
    super(message)
    this.reason = reason
  }
}

const failures = new WeakMap<Connection, Error>()

/** What has ended the connection, where the library says so by an event: whoever waited hears only that it is gone. */
export function failureOf(connection: Connection): Error | undefined {
  return failures.get(connection)
}

/** Of a listing, a header, a piece of a message. */
const maxLiteralOctets = 64 << 20
const maxLineOctets = 4 << 20

/** Rejects with what the library throws, or `UnsafeChannel`; there is no connection then. */
export async function connectImap(options: ImapConnectionOptions, signal: AbortSignal): Promise<Connection> {
  const { ImapFlow } = await import('imapflow')
  signal.throwIfAborted()
  const { host, port, tls, pins, authority, identity, proxy, timeouts = {} } = options
  const connection: Connection = new ImapFlow({
    host,
    port,
    secure: tls === 'implicit',
    ...startTls(tls),
    auth: auth(options, () => checkChannel(connection, options)),
    tls: {
      ...trustOptions({ authority }),
      rejectUnauthorized: pins.length === 0 || authority !== undefined,
      ...(identity && { cert: identity.certificate, key: identity.key }),
    },
    // The library leaves names to any SOCKS 5 proxy.
    ...(proxy !== undefined && { proxy: proxy.replace(/^socks5h:/, 'socks5:') }),
    logger: false,
    clientInfo: { name: 'Poplar' },
    disableAutoIdle: true,
    disableBinary: true,
    disableCompression: true,
    maxLineLength: maxLineOctets,
    maxLiteralSize: maxLiteralOctets,
    maxResponseSize: maxLiteralOctets + maxLineOctets,
    connectionTimeout: timeouts.connect ?? 20_000,
    greetingTimeout: timeouts.greeting ?? 30_000,
    socketTimeout: timeouts.stall ?? 60_000,
  })
  connection.on('error', error => {
    if (!failures.has(connection)) failures.set(connection, error)
  })
  const close = () => connection.close()
  signal.addEventListener('abort', close, { once: true })
  connection.on('close', () => signal.removeEventListener('abort', close))
  try {
    await connection.connect()
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

/** Undefined goes over to TLS where it can. */
function startTls(tls: TlsPolicy): { readonly doSTARTTLS?: boolean } {
  if (tls === 'stls') return { doSTARTTLS: true }
  return tls === 'none' ? { doSTARTTLS: false } : {}
}

/** The library reads the secret when it is about to send it: then the channel is what it will be. */
function auth({ user, secret }: ImapConnectionOptions, check: () => void) {
  if ('token' in secret)
    return {
      user,
      get accessToken() {
        check()
        return secret.token
      },
    }
  return {
    user,
    get pass() {
      check()
      return secret.password
    },
  }
}

type TlsSocket = Parameters<typeof peerCertificate>[0]

/** Throws `UnsafeChannel`: also where nothing can be told of the channel. */
function checkChannel(connection: Connection, { pins, allowCleartextAuth }: ImapConnectionOptions): void {
  const { socket } = connection as unknown as { readonly socket?: Partial<TlsSocket> | false }
  if (!socket || socket.encrypted !== true) {
    if (allowCleartextAuth && pins.length === 0) return
    throw new UnsafeChannel('cleartext', 'the password would travel in clear')
  }
  if (pins.length === 0) return
  const certificate = peerCertificate(socket as TlsSocket)
  const pin = certificate && keyPin(certificate)
  if (pin === undefined || !pins.includes(pin))
    throw new UnsafeChannel('pin', `the server's key is not pinned: it is ${pin}`)
}
