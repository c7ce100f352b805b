// The POP3 server: listens, gives each connection a session, and ends what has to end. One coarse timer watches over all
// sessions; none has a timer of its own.
import type { Authenticator } from '../../auth/authenticator.ts'
import type { MaildropStore } from '../../mail/maildrop-store.ts'
import type { Connection } from '../../net/connection.ts'
import { isLoopbackAddress } from '../../net/limits.ts'
import { type ListenAddress, listen } from '../../net/listener.ts'
import { type Log, silentLog } from '../../net/log.ts'
import type { TlsContexts, TlsServerOptions } from '../../net/tls.ts'
import { err } from '../wire/reply.ts'
import { CapabilityTexts } from './capabilities.ts'
import { capabilitiesOfCommands } from './commands.ts'
import { completeLimits, type Pop3Limits } from './limits.ts'
import { Session } from './session.ts'
import type { Pop3Services } from './state.ts'

export interface Pop3ServerOptions {
  readonly listen: readonly ListenAddress[]
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
  /** For devices that know no better: every login is logged with a warning. */
  readonly isForOldDevices?: boolean
  readonly log?: Log
  readonly limits?: Partial<Pop3Limits>
  /** CAPA's IMPLEMENTATION; empty: not told. Default `Poplar`. */
  readonly implementation?: string
  /** CAPA's EXPIRE: days, or NEVER (the default). It is told, not enforced here. */
  readonly expire?: 'NEVER' | number
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

const maxSweepMs = 1_000
/** How long a closing connection may take to deliver its last line, once its session is over. */
const lastWordsMs = 1_000

/** Rejects, naming address and reason, when one of the addresses can't be bound; then none is. */
export async function startPop3Server(options: Pop3ServerOptions): Promise<Pop3Server> {
  const limits = completeLimits(options.limits)
  const tls = options.tls && tlsFor(options.tls, limits)
  const services = createServices(options, limits, tls)
  const { log } = services
  const sessions = new Map<Session, Connection>()
  let tlsFailures = 0
  let onEmpty: (() => void) | undefined

  const listener = await listen({
    addresses: options.listen,
    limits: {
      total: limits.sessions,
      perAddress: limits.sessionsPerAddress,
      countLoopback: limits.countLoopback,
    },
    refusal: err('too many connections, try again later', 'SYS/TEMP'),
    ...(options.admits && { admits: options.admits }),
    ...(options.implicitTls && tls && { tls }),
    onTlsFailure: (peer, reason, detail) => {
      tlsFailures += 1
      log.warn({ peer, reason, detail }, 'pop3s handshake failed')
    },
    onRefused: peer => log.warn({ peer }, 'pop3 connection from an address that is not let in'),
    onConnection: connection => {
      const session = new Session(services, connection, connection.peer, (gone, reason) => {
        if (reason === 'tls-failed' || reason === 'tls-in-clear') tlsFailures += 1
        sessions.delete(gone)
        if (sessions.size === 0) onEmpty?.()
      })
      sessions.set(session, connection)
      connection.handleWith(session)
    },
  })

  const sweeper = setInterval(() => {
    const nowMs = performance.now()
    for (const [session, connection] of sessions) {
      session.sweep(nowMs)
      connection.sweep(nowMs)
    }
  }, sweepEveryMs(limits))

  /** Ends every session and resolves when all are gone, connections that linger cut. */
  async function endAll(reason: 'drain' | 'closed'): Promise<void> {
    for (const session of sessions.keys()) session.terminate(reason)
    await emptied(lastWordsMs)
    for (const [session, connection] of sessions) if (session.state.kind === 'ended') connection.cut()
    await emptied()
    clearInterval(sweeper)
  }

  /** Resolves when no session is left, or after `timeoutMs`. */
  function emptied(timeoutMs?: number): Promise<void> {
    if (sessions.size === 0) return Promise.resolve()
    return new Promise(resolve => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs)
      onEmpty = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

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
      for (const session of sessions.keys()) session.drain()
      await emptied(graceMs)
      await endAll('drain')
    },
    async close() {
      listener.close()
      await endAll('closed')
    },
  }
}

function createServices(
  options: Pop3ServerOptions,
  limits: Pop3Limits,
  tls: TlsServerOptions | undefined,
): Pop3Services {
  const { hostname, authenticator, maildrops, log = silentLog, isForOldDevices = false } = options
  const { expire = 'NEVER', implementation = 'Poplar', cleartextLogin = 'loopback' } = options
  return {
    authenticator,
    maildrops,
    log,
    limits,
    hostname,
    capabilities: new CapabilityTexts({ ofCommands: capabilitiesOfCommands, expire, implementation }),
    tls,
    mayLogInClear: peer => mayLogInClear[cleartextLogin](peer),
    isForOldDevices,
  }
}

const mayLogInClear = { never: () => false, loopback: isLoopbackAddress, always: () => true }

/** ALPN: `pop3` is registered with IANA, RFC 7301 section 6. */
function tlsFor(contexts: TlsContexts, { handshakeTimeoutMs }: Pop3Limits): TlsServerOptions {
  return { contexts, alpn: 'pop3', handshakeTimeoutMs }
}

/** Often enough for the shortest of the timeouts. */
function sweepEveryMs(limits: Pop3Limits): number {
  const { autologoutMs, authorizationTimeoutMs, writeTimeoutMs } = limits
  return Math.min(maxSweepMs, Math.ceil(Math.min(autologoutMs, authorizationTimeoutMs, writeTimeoutMs) / 4))
}
