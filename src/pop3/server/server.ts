// The POP3 server: listens, gives each connection a session, and ends what has to end. One coarse timer watches over all
// sessions; none has a timer of its own.
import type { Authenticator } from '../../auth/authenticator.ts'
import type { MaildropStore } from '../../mail/maildrop-store.ts'
import type { Connection } from '../../net/connection.ts'
import { type ListenAddress, listen } from '../../net/listener.ts'
import { type Log, silentLog } from '../../net/log.ts'
import { capabilityLines } from '../wire/capability.ts'
import { err, multiLine, ok } from '../wire/reply.ts'
import { capabilitiesOfCommands, helpText } from './commands.ts'
import { completeLimits, type Pop3Limits } from './limits.ts'
import { Session } from './session.ts'
import type { Pop3Services } from './state.ts'

export interface Pop3ServerOptions {
  readonly listen: readonly ListenAddress[]
  /** Shown in the greeting. */
  readonly hostname: string
  readonly authenticator: Authenticator
  readonly maildrops: MaildropStore
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
  const services = createServices(options, limits)
  const sessions = new Map<Session, Connection>()
  let onEmpty: (() => void) | undefined

  const listener = await listen({
    addresses: options.listen,
    limits: {
      total: limits.sessions,
      perAddress: limits.sessionsPerAddress,
      countLoopback: limits.countLoopback,
    },
    refusal: err('too many connections, try again later', 'SYS/TEMP'),
    onConnection: connection => {
      const session = new Session(services, connection, connection.peer, gone => {
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

function createServices(options: Pop3ServerOptions, limits: Pop3Limits): Pop3Services {
  const { hostname, authenticator, maildrops, log = silentLog } = options
  const { expire = 'NEVER', implementation = 'Poplar' } = options
  return {
    authenticator,
    maildrops,
    log,
    limits,
    texts: {
      // Without a timestamp in angle brackets: that would offer APOP. RFC 1939 section 7.
      greeting: ok(`${hostname} POP3 server ready`),
      capabilities: multiLine(
        'capability list follows',
        capabilityLines({ ofCommands: capabilitiesOfCommands, expire, implementation }),
      ),
      help: helpText,
    },
  }
}

/** Often enough for the shortest of the timeouts. */
function sweepEveryMs(limits: Pop3Limits): number {
  const { autologoutMs, authorizationTimeoutMs, writeTimeoutMs } = limits
  return Math.min(maxSweepMs, Math.ceil(Math.min(autologoutMs, authorizationTimeoutMs, writeTimeoutMs) / 4))
}
