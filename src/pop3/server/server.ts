// The POP3 server: listens, and gives each connection a session.
import type { Authenticator } from '../../auth/authenticator.ts'
import { type AccountPolicy, freePolicy } from '../../mail/account-policy.ts'
import { LoginDelays } from '../../mail/login-delays.ts'
import { plainViews, type ViewRules } from '../../mail/login-view.ts'
import type { MaildropStore } from '../../mail/maildrop-store.ts'
import type { Gate } from '../../net/connection-gate.ts'
import { isLoopbackAddress } from '../../net/limits.ts'
import { type ListenAddress, type ListenPlace, listen } from '../../net/listener.ts'
import { type Log, silentLog } from '../../net/log.ts'
import type { Observer } from '../../net/observer.ts'
import type { ProxyOptions } from '../../net/proxied.ts'
import { SessionPool } from '../../net/session-pool.ts'
import type { TlsContexts, TlsServerOptions } from '../../net/tls.ts'
import { err } from '../wire/reply.ts'
import { CapabilityTexts } from './capabilities.ts'
import { capabilitiesOfCommands } from './commands.ts'
import type { Language } from './languages/language.ts'
import { languageFor } from './languages/languages.ts'
import { completeLimits, type Pop3Limits } from './limits.ts'
import { Session } from './session.ts'
import type { Pop3Services } from './state.ts'

export interface Pop3ServerOptions {
  readonly listen: readonly ListenPlace[]
  /** Shown in the greeting. */
  readonly hostname: string
  readonly authenticator: Authenticator
  readonly maildrops: MaildropStore
  /** Certificates, for STLS or for `implicitTls`; without them there is no TLS. */
  readonly tls?: TlsContexts
  /** TLS from the first octet on, the 995 style of RFC 8314. Default: clear text and STLS. */
  readonly implicitTls?: boolean
  /**
   * Where a login may travel in clear: `loopback`, the default, is inside this machine. Elsewhere USER, PASS, APOP and
   * AUTH are refused, and not announced, until TLS is active.
   */
  readonly cleartextLogin?: 'never' | 'loopback' | 'always'
  /** Which addresses are let in at all. Default: all. */
  readonly admits?: (peer: string) => boolean
  /** One for all servers of a process: sheds connections when there are too many. Default: none. */
  readonly gate?: Gate
  /** For devices that know no better: every login is logged with a warning. */
  readonly isForOldDevices?: boolean
  /** Proxies that say who has connected to them. */
  readonly proxy?: ProxyOptions
  readonly log?: Log
  readonly observer?: Observer
  /** What observers know this server by. Default `pop3`. */
  readonly service?: string
  readonly limits?: Partial<Pop3Limits>
  /** CAPA's IMPLEMENTATION; empty: not told. Default `Poplar`. */
  readonly implementation?: string
  /** What `LANG *` chooses: a tag that LANG lists. Default `en`. */
  readonly preferredLanguage?: string
  /** What holds for logins and for mail that was read. Default: no delay, and mail stays. */
  readonly policy?: AccountPolicy
  /** What sessions see of their accounts; asked each time. Default: INBOX. */
  readonly views?: () => ViewRules
  /** Shared by servers that have the same accounts. */
  readonly loginDelays?: LoginDelays
}

export interface Pop3Server {
  /** With the ports the system chose. */
  readonly addresses: readonly ListenAddress[]
  /** Sessions that are open now. */
  readonly sessions: number
  /** Connections that were closed because TLS did not come about. */
  readonly tlsFailures: number
  /**
   * Stops accepting at once. Sessions at work may finish; idle ones are ended soon, the rest after `graceMs`, with
   * `-ERR [SYS/TEMP]` and nothing deleted. Resolves when no session holds a lock or a connection.
   */
  drain(graceMs: number): Promise<void>
  /** Stops at once: nothing is deleted but by an UPDATE that runs already, which is waited for. */
  close(): Promise<void>
}

/** Rejects, naming address and reason, when one of the addresses can't be bound; then none is. */
export async function startPop3Server(options: Pop3ServerOptions): Promise<Pop3Server> {
  const limits = completeLimits(options.limits)
  const tls = options.tls && tlsFor(options.tls, limits)
  const services = createServices(options, limits, tls)
  const { log, observer, service } = services
  const sessions = new SessionPool<Session>([
    limits.autologoutMs,
    limits.authorizationTimeoutMs,
    limits.writeTimeoutMs,
    limits.lineTimeoutMs,
  ])
  let tlsFailures = 0

  const listener = await listen({
    addresses: options.listen,
    limits: {
      total: limits.sessions,
      perAddress: limits.sessionsPerAddress,
      countLoopback: limits.countLoopback,
      rules: limits.addressRules,
    },
    refusal: err('too many connections, try again later', 'SYS/TEMP'),
    ...(options.admits && { admits: options.admits }),
    ...(options.implicitTls && tls && { tls }),
    onTlsFailure: (peer, reason, detail) => {
      tlsFailures += 1
      log.warn({ peer, reason, detail }, 'pop3s handshake failed')
      observer?.turnedAway?.(service, peer, `tls: ${reason}`)
    },
    onRefused: peer => {
      log.warn({ peer }, 'pop3 connection from an address that is not let in')
      observer?.turnedAway?.(service, peer, 'not-admitted')
    },
    ...(options.proxy && { proxy: options.proxy }),
    onProxyRefused: (peer, reason) => {
      log.warn({ peer, reason }, 'pop3 connection of a proxy without its header')
      observer?.turnedAway?.(service, peer, `proxy: ${reason}`)
    },
    ...(options.gate && { gate: options.gate }),
    onShed: (peer, reason) => observer?.turnedAway?.(service, peer, `shed: ${reason}`),
    onTooMany: peer => observer?.turnedAway?.(service, peer, 'too-many'),
    onConnection: connection => {
      const session = new Session(services, connection, connection.peer, (gone, reason) => {
        if (reason === 'tls-failed' || reason === 'tls-in-clear') tlsFailures += 1
        sessions.remove(gone)
      })
      sessions.add(session, connection)
    },
  })

  return {
    addresses: listener.addresses,
    get sessions() {
      return sessions.size
    },
    get tlsFailures() {
      return tlsFailures
    },
    async drain(graceMs) {
      listener.close()
      await sessions.drain(graceMs)
    },
    async close() {
      listener.close()
      await sessions.close()
    },
  }
}

function createServices(
  options: Pop3ServerOptions,
  limits: Pop3Limits,
  tls: TlsServerOptions | undefined,
): Pop3Services {
  const { hostname, authenticator, maildrops, log = silentLog, isForOldDevices = false } = options
  const { policy = freePolicy, implementation = 'Poplar', cleartextLogin = 'loopback' } = options
  const { observer, service = 'pop3', preferredLanguage = 'en' } = options
  return {
    authenticator,
    maildrops,
    log,
    limits,
    hostname,
    capabilities: new CapabilityTexts({ ofCommands: capabilitiesOfCommands, implementation }),
    policy,
    loginDelays: options.loginDelays ?? new LoginDelays(),
    views: options.views ?? (() => plainViews),
    preferredLanguage: languageNamed(preferredLanguage),
    tls,
    mayLogInClear: peer => mayLogInClear[cleartextLogin](peer),
    isForOldDevices,
    service,
    observer,
  }
}

function languageNamed(tag: string): Language {
  const language = languageFor(tag)
  if (!language) throw new RangeError(`preferredLanguage is no language of the server: ${tag}`)
  return language
}

const mayLogInClear = { never: () => false, loopback: isLoopbackAddress, always: () => true }

/** ALPN: `pop3` is registered with IANA, RFC 7301 section 6. */
function tlsFor(contexts: TlsContexts, { handshakeTimeoutMs }: Pop3Limits): TlsServerOptions {
  return { contexts, alpn: 'pop3', handshakeTimeoutMs }
}
