// The POP2 server, RFC 937: listens, and gives each connection a session. For clients that are older than POP3; there is no TLS.
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
import { err } from '../wire/reply.ts'
import { completeLimits, type Pop2Limits } from './limits.ts'
import { Pop2Session } from './session.ts'
import type { Pop2Services } from './state.ts'

export interface Pop2ServerOptions {
  readonly listen: readonly ListenPlace[]
  /** Shown in the greeting. */
  readonly hostname: string
  readonly authenticator: Authenticator
  readonly maildrops: MaildropStore
  /** What sessions see of their accounts. Default: INBOX. */
  readonly views?: () => ViewRules
  /** What holds for logins. Default: no delay. */
  readonly policy?: AccountPolicy
  /** Shared by servers that have the same accounts. */
  readonly loginDelays?: LoginDelays
  /** Where a login may travel in clear, as it always does here: `loopback`, the default, is inside this machine. */
  readonly cleartextLogin?: 'loopback' | 'always'
  /** Proxies that say who has connected to them. */
  readonly proxy?: ProxyOptions
  /** One for all servers of a process: sheds connections when there are too many. Default: none. */
  readonly gate?: Gate
  readonly log?: Log
  readonly limits?: Partial<Pop2Limits>
  readonly observer?: Observer
  /** What observers know this server by. Default `pop2`. */
  readonly service?: string
}

export interface Pop2Server {
  /** With the ports the system chose. */
  readonly addresses: readonly ListenAddress[]
  /** Sessions that are open now. */
  readonly sessions: number
  /** Stops accepting at once; sessions at work have `graceMs` to finish. Resolves when none holds a lock or a connection. */
  drain(graceMs: number): Promise<void>
  /** Stops at once: nothing is deleted but by an update that runs already, which is waited for. */
  close(): Promise<void>
}

/** Rejects, naming address and reason, when one of the addresses can't be bound; then none is. */
export async function startPop2Server(options: Pop2ServerOptions): Promise<Pop2Server> {
  const limits = completeLimits(options.limits)
  const { authenticator, maildrops, hostname, cleartextLogin = 'loopback', log = silentLog } = options
  const mayLogIn = cleartextLogin === 'always' ? () => true : isLoopbackAddress
  const { observer, service = 'pop2' } = options
  const { policy = freePolicy, loginDelays = new LoginDelays() } = options
  const services: Pop2Services = {
    authenticator,
    maildrops,
    policy,
    views: options.views ?? (() => plainViews),
    loginDelays,
    log,
    limits,
    hostname,
    mayLogIn,
    service,
    observer,
  }
  const sessions = new SessionPool<Pop2Session>([
    limits.autologoutMs,
    limits.authorizationTimeoutMs,
    limits.writeTimeoutMs,
    limits.lineTimeoutMs,
  ])
  const listener = await listen({
    addresses: options.listen,
    limits: {
      total: limits.sessions,
      perAddress: limits.sessionsPerAddress,
      countLoopback: limits.countLoopback,
      rules: limits.addressRules,
    },
    refusal: err('too many connections, try again later'),
    ...(options.proxy && { proxy: options.proxy }),
    onProxyRefused: (peer, reason) => {
      log.warn({ peer, reason }, 'pop2 connection of a proxy without its header')
      observer?.turnedAway?.(service, peer, `proxy: ${reason}`)
    },
    ...(options.gate && { gate: options.gate }),
    onShed: (peer, reason) => observer?.turnedAway?.(service, peer, `shed: ${reason}`),
    onTooMany: peer => observer?.turnedAway?.(service, peer, 'too-many'),
    onConnection: connection => {
      const session = new Pop2Session(services, connection, connection.peer, gone => sessions.remove(gone))
      sessions.add(session, connection)
    },
  })
  return {
    addresses: listener.addresses,
    get sessions() {
      return sessions.size
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
