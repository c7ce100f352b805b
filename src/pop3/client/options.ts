// What a client may be told, and what holds when it is not.
import type { DialTls } from '../../net/dialer.ts'
import type { Credentials } from './credentials.ts'

/**
 * `implicit`: TLS from the start, RFC 8314. `stls`: RFC 2595, or no connection. `opportunistic`: STLS where the server has
 * it, else in clear, but no password then unless `allowCleartextAuth`. `none`: in clear.
 */
export type TlsPolicy = 'implicit' | 'stls' | 'opportunistic' | 'none'

/** In milliseconds. */
export interface Timeouts {
  /** For TCP and TLS. Default 20,000. */
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

export interface ConnectOptions {
  readonly host: string
  /** Default 995 with `implicit`, else 110. */
  readonly port?: number
  /** Default `implicit`. */
  readonly tls?: TlsPolicy
  /** How the certificate is judged. Default: by the system's authorities and the host's name. */
  readonly certificate?: Pick<DialTls, 'serverName' | 'verify' | 'authority'>
  readonly auth: Credentials
  /** Lets a password go out in clear. Default: it does not. */
  readonly allowCleartextAuth?: boolean
  readonly timeouts?: Timeouts
  readonly limits?: Limits
  readonly signal?: AbortSignal
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
