// What a client may be told, and what holds when it is not.
import type { Duplex } from 'node:stream'
import type { DialAddress, DialTls } from '../../net/dialer.ts'
import type { Credentials } from './credentials.ts'
import type { Quirks } from './quirks.ts'
import type { ServerMemory } from './server-memory.ts'
import type { WireTap } from './tap.ts'

/**
 * `implicit`: TLS from the start, RFC 8314. `stls`: RFC 2595, or no connection. `opportunistic`: STLS where the server has
 * it, else in clear, but no password then unless `allowCleartextAuth`. `none`: in clear.
 */
export type TlsPolicy = 'implicit' | 'stls' | 'opportunistic' | 'none'

/** In milliseconds. */
export interface Timeouts {
  /** For TCP, a proxy and TLS together. Default 20,000. */
  readonly connect?: number
  /** Default 30,000. */
  readonly greeting?: number
  /** From a command to its status line. Default 60,000. */
  readonly command?: number
  /** Between two pieces of an answer. Default 60,000. */
  readonly stall?: number
}

/** In octets, but for `listEntries`. */
export interface Limits {
  /** Of one line of an answer. Default 1 MiB. */
  readonly line?: number
  /** Of one message. Default: none. */
  readonly message?: number
  /** Lines of a listing. Default 2,000,000. */
  readonly listEntries?: number
  /** What is read of a body that its reader left, so that the session can go on. Default 1 MiB. */
  readonly drain?: number
}

/** Makes the connection, instead of TCP: any stream of octets in both directions will do. */
export type Transport = (address: DialAddress, signal: AbortSignal | undefined) => Duplex | Promise<Duplex>

export interface ConnectOptions {
  readonly host: string
  /** Default 995 with `implicit`, else 110. */
  readonly port?: number
  /** Default `implicit`. */
  readonly tls?: TlsPolicy
  /** How the certificate is judged. Default: by the system's authorities and the host's name. `identity` is for EXTERNAL. */
  readonly certificate?: Pick<DialTls, 'serverName' | 'verify' | 'authority' | 'identity' | 'options'>
  /** The server's key must be one of these, `sha256/<base64>` of its SubjectPublicKeyInfo, besides what `certificate` asks. */
  readonly pin?: string | readonly string[]
  readonly auth: Credentials
  /** Lets a password go out in clear. Default: it does not. */
  readonly allowCleartextAuth?: boolean
  /** `socks5://`, `socks5h://` (names are looked up by the proxy) or `http://`, with `name:password@` if it asks for them. */
  readonly proxy?: string
  readonly transport?: Transport
  /** Asks the server for UTF-8 in headers and names, RFC 6856, where it has that; `session.isUtf8` tells. Default: no. */
  readonly utf8?: boolean
  /** In which the server is to speak to people, RFC 5646, where it can. RFC 6856 section 3. */
  readonly language?: string
  /** `auto`: what is known of servers of its kind. What is given here holds instead. Default `auto`. */
  readonly quirks?: 'auto' | Partial<Quirks>
  /** What was learned of servers; default: one memory for all sessions of this process. */
  readonly memory?: ServerMemory
  readonly timeouts?: Timeouts
  readonly limits?: Limits
  /** Gives up connecting. Operations of the session have signals of their own. */
  readonly signal?: AbortSignal
  /** Sees what goes over the wire, without secrets. */
  readonly tap?: WireTap
}

export const defaultTimeouts: Required<Timeouts> = {
  connect: 20_000,
  greeting: 30_000,
  command: 60_000,
  stall: 60_000,
}

export const defaultLimits: Required<Limits> = {
  line: 1 << 20,
  message: Number.POSITIVE_INFINITY,
  listEntries: 2_000_000,
  drain: 1 << 20,
}
