// Mail intake: an MTA's receiving side (SMTP) or an LMTP server on one or several addresses. It accepts mail for its own
// users and relays nothing. Sessions end in good order on `drain`; one coarse timer watches over all of them.
import type { MailDelivery } from '../../mail/delivery/deliver.ts'
import type { Gate } from '../../net/connection-gate.ts'
import { type AddressRules, ConnectionCounter } from '../../net/limits.ts'
import { bind, boundAddress, type ListenAddress, type ListenPlace } from '../../net/listener.ts'
import { type Log, silentLog } from '../../net/log.ts'
import type { Observer } from '../../net/observer.ts'
import type { ProxyOptions } from '../../net/proxied.ts'
import type { TlsServerOptions } from '../../net/tls.ts'
import type { IntakeConnection } from './connection.ts'
import type { IntakeLogins } from './login-connection.ts'
import { IntakeServer, type IntakeServerOptions } from './server.ts'

export interface IntakeOptions {
  readonly protocol: 'smtp' | 'lmtp'
  readonly listen: readonly ListenPlace[]
  /** Shown in the greeting. */
  readonly hostname: string
  readonly delivery: MailDelivery
  /** Told to clients as SIZE; the delivery enforces its own limit, which should be the same. Default 50 MiB. */
  readonly maxOctets?: number
  /** Recipients of one message. Default 100, the least that RFC 5321 section 4.5.3.1.8 allows. */
  readonly maxRecipients?: number
  /** Proxies that say who has connected to them. */
  readonly proxy?: ProxyOptions
  /** Who may say by XCLIENT on whose behalf it comes. Default: nobody, and it is not offered. */
  readonly mayUseXclient?: (address: string) => boolean
  readonly log?: Log
  readonly observer?: Observer
  /** Sessions at the same time. Default 1,000. */
  readonly maxSessions?: number
  /** Of one address; the machine itself is not counted. Default 100. */
  readonly maxSessionsPerAddress?: number
  /** Which addresses count as one, and which do not count. Default: an IPv6 /64, and this machine itself. */
  readonly addressRules?: AddressRules
  /** One for all servers of a process: sheds connections when there are too many. Default: none. */
  readonly gate?: Gate
  /** The least octets of a message a second, over `timeoutMs`, and 8 KiB in all. Default 1,024. */
  readonly minOctetsPerSecond?: number
  /** For the next command, or the least of a message. Default 5 minutes, RFC 5321 section 4.5.3.2.7. */
  readonly timeoutMs?: number
  /** STARTTLS, RFC 3207, is offered when it is given. SMTP has no name in ALPN: whatever clients offer there is let in. */
  readonly tls?: TlsServerOptions
  /** TLS from the first octet on in place of STARTTLS, RFC 8314 section 3.3; `tls` must be given. Default: STARTTLS. */
  readonly implicitTls?: boolean
  /** AUTH, RFC 4954, is offered when it is given. Default: nobody logs in. */
  readonly logins?: IntakeLogins
}

export interface Intake {
  /** With the ports the system chose. */
  readonly addresses: readonly ListenAddress[]
  /** Sessions that are open now. */
  readonly sessions: number
  /** Handshakes that came to nothing, since the start. */
  readonly failedHandshakes: number
  /**
   * Stops accepting at once. Sessions in a transaction may finish it, the others are ended with 421; after `graceMs` all
   * are. Resolves when no session is left.
   */
  drain(graceMs: number): Promise<void>
  /** Stops at once; messages that are not complete were never there. */
  close(): Promise<void>
}

const maxSweepMs = 1_000
/** A message that comes slower than this many octets in `timeoutMs` is given up, whatever the rate. */
const leastDataOctets = 8 * 1024
/** How long a closing connection may take to deliver its last line. */
const lastWordsMs = 1_000

/** Rejects, naming address and reason, when one of the addresses can't be bound; then none is. */
export async function startIntake(options: IntakeOptions): Promise<Intake> {
  const open = new Set<IntakeConnection>()
  let onEmpty: (() => void) | undefined
  let failedHandshakes = 0
  const serverOptions = completeOptions(options, {
    onOpen: connection => open.add(connection),
    onClosed: connection => {
      open.delete(connection)
      if (open.size === 0) onEmpty?.()
    },
    onHandshakeFailed: () => {
      failedHandshakes += 1
    },
  })
  const servers = await listenAll(options.listen, serverOptions)

  const sweeper = setInterval(
    () => {
      const nowMs = performance.now()
      for (const connection of open) connection.sweep(nowMs)
    },
    Math.min(maxSweepMs, Math.ceil(serverOptions.timeoutMs / 4)),
  )

  /** Resolves when no session is left, or after `timeoutMs`. */
  function emptied(timeoutMs?: number): Promise<void> {
    if (open.size === 0) return Promise.resolve()
    return new Promise(resolve => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs)
      onEmpty = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async function endAll(reason: string): Promise<void> {
    for (const connection of open) connection.terminate(reason)
    await emptied(lastWordsMs)
    for (const connection of open) connection.cut()
    await emptied()
    clearInterval(sweeper)
  }

  function stopAccepting(): void {
    for (const server of servers) server.stopAccepting()
  }

  return {
    addresses: servers.map(({ server }) => boundAddress(server)),
    get sessions() {
      return open.size
    },
    get failedHandshakes() {
      return failedHandshakes
    },
    async drain(graceMs) {
      stopAccepting()
      for (const connection of open) connection.drain()
      await emptied(graceMs)
      await endAll('drain')
    },
    async close() {
      stopAccepting()
      await endAll('closed')
    },
  }
}

function completeOptions(
  options: IntakeOptions,
  events: Pick<IntakeServerOptions, 'onOpen' | 'onClosed' | 'onHandshakeFailed'>,
): IntakeServerOptions {
  const { maxSessions = 1_000, maxSessionsPerAddress = 100 } = options
  const { timeoutMs = 300_000, minOctetsPerSecond = 1024 } = options
  return {
    protocol: options.protocol,
    hostname: options.hostname,
    delivery: options.delivery,
    maxOctets: options.maxOctets ?? 50 * 1024 * 1024,
    maxRecipients: options.maxRecipients ?? 100,
    timeoutMs,
    log: options.log ?? silentLog,
    observer: options.observer,
    minDataOctets: Math.max(leastDataOctets, Math.floor((minOctetsPerSecond * timeoutMs) / 1000)),
    proxy: options.proxy,
    gate: options.gate,
    mayUseXclient: options.mayUseXclient,
    tls: options.tls,
    hasImplicitTls: options.implicitTls === true && options.tls !== undefined,
    logins: options.logins,
    counter: new ConnectionCounter({
      total: maxSessions,
      perAddress: maxSessionsPerAddress,
      countLoopback: false,
      rules: options.addressRules,
    }),
    ...events,
  }
}

async function listenAll(
  addresses: readonly ListenPlace[],
  options: IntakeServerOptions,
): Promise<readonly IntakeServer[]> {
  const servers: IntakeServer[] = []
  try {
    for (const address of addresses) {
      const server = new IntakeServer(options)
      await bind(server.server, address)
      servers.push(server)
    }
  } catch (error) {
    for (const { server } of servers) server.close()
    throw error
  }
  return servers
}
