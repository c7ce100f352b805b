// One server for each service that the configuration names, and those for old devices.
import { type Config, isLoopback, type ServiceName, serviceNames } from './config.ts'
import { type ConnectionRules, connectionRules } from './connection-limits.ts'
import type { Logins } from './logins.ts'
import type { AccountPolicy } from './mail/account-policy.ts'
import type { MailDelivery } from './mail/delivery/deliver.ts'
import type { LoginDelays } from './mail/login-delays.ts'
import type { ViewRules } from './mail/login-view.ts'
import { within } from './mail/network.ts'
import type { Store } from './mail/store.ts'
import type { Certificates } from './net/certificates.ts'
import { formatInheritedSocket, type InheritedSocket } from './net/inherited-sockets.ts'
import { formatListenAddress, type ListenAddress, type ListenPlace } from './net/listener.ts'
import type { Log } from './net/log.ts'
import type { Observer } from './net/observer.ts'
import type { ProxyOptions } from './net/proxied.ts'
import type { TlsContexts } from './net/tls.ts'
import { startPop2Server } from './pop2/server/server.ts'
import { type Pop3ServerOptions, startPop3Server } from './pop3/server/server.ts'
import { startIntake } from './smtp/intake/intake.ts'

/** A service of [listen], or one of [legacy]. */
export type ListenerName = ServiceName | 'pop3-legacy' | 'pop3s-legacy'

/** What all servers are made of. */
export interface ServerParts {
  readonly config: Config
  readonly store: Store
  readonly delivery: MailDelivery
  readonly authenticator: Logins['authenticator']
  readonly policy: AccountPolicy
  /** One for all servers: an account has one time of its last login. */
  readonly loginDelays: LoginDelays
  readonly views: () => ViewRules
  /** Undefined where there is no TLS. */
  readonly certificates: Certificates | undefined
  readonly log: Log
  readonly observer: Observer
  /** Each takes the place of what [listen] has for the service of its name. */
  readonly sockets: readonly InheritedSocket[]
}

/** With what this file makes of them for all. */
type StartParts = ServerParts & ConnectionRules

export interface RunningServer {
  readonly service: ListenerName
  readonly server: {
    readonly addresses: readonly ListenAddress[]
    drain(graceMs: number): Promise<void>
    close(): Promise<void>
  }
}

/**
 * Starts them in order. Rejects, with all of them closed again, when one listener cannot be bound, or when an inherited
 * socket is for no service.
 */
export async function startServers(given: ServerParts): Promise<readonly RunningServer[]> {
  const { config, authenticator, log } = given
  const reputationOf = (address: string) => authenticator.reputationOf(address)
  const parts = { ...given, ...connectionRules(config, reputationOf, log) }
  checkSockets(parts)
  const servers: RunningServer[] = []
  try {
    for (const service of listenerNames) {
      const listen = placesOf(service, parts)
      if (listen.length > 0) servers.push(await startServer(service, listen, parts))
    }
    return servers
  } catch (error) {
    await Promise.all(servers.map(({ server }) => server.close()))
    throw error
  }
}

const listenerNames: readonly ListenerName[] = [...serviceNames, 'pop3-legacy', 'pop3s-legacy']

/** A socket whose service nobody meant would let in whom nobody expects; TLS without a certificate would be none. */
function checkSockets({ sockets, certificates }: StartParts): void {
  for (const socket of sockets) {
    const name = formatInheritedSocket(socket)
    if (!serviceNames.some(service => service === socket.name))
      throw new Error(`${name} is for no service: FileDescriptorName= must be ${serviceNames.join(', ')}`)
    if (socket.name === 'pop3s' && !certificates)
      throw new Error(
        `${name} needs a certificate: give \`cert\` and \`key\` in [tls], or \`domains\` in [acme]`,
      )
  }
}

function placesOf(service: ListenerName, { config, sockets }: StartParts): readonly ListenPlace[] {
  const { listen, legacy } = config
  const inherited = sockets.filter(({ name }) => name === service)
  if (inherited.length > 0) return inherited
  if (service === 'pop3-legacy') return legacy.pop3
  return service === 'pop3s-legacy' ? legacy.pop3s : listen[service]
}

type Start = (
  service: ListenerName,
  listen: readonly ListenPlace[],
  parts: StartParts,
) => Promise<RunningServer['server']>

const starts: Readonly<Record<ListenerName, Start>> = {
  pop3: startPop3,
  pop3s: startPop3,
  pop2: startPop2,
  smtp: startMailIntake,
  lmtp: startMailIntake,
  'pop3-legacy': startForOldDevices,
  'pop3s-legacy': startForOldDevices,
}

async function startServer(
  service: ListenerName,
  listen: readonly ListenPlace[],
  parts: StartParts,
): Promise<RunningServer> {
  try {
    return { service, server: await starts[service](service, listen, parts) }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`cannot serve ${service.toUpperCase()}: ${reason}`, { cause })
  }
}

async function startPop3(service: ListenerName, listen: readonly ListenPlace[], parts: StartParts) {
  const { config, certificates, log } = parts
  const { required } = config.tls
  if (service === 'pop3' && required === false) warnOfClearText(listen, log)
  return startPop3Server({
    ...pop3Options(service, listen, parts),
    implicitTls: service === 'pop3s',
    cleartextLogin: required === undefined ? 'loopback' : required ? 'never' : 'always',
    ...(certificates && { tls: certificates }),
  })
}

/** POP2 has no TLS: beyond this machine it is served only where the configuration says that TLS is not required. */
async function startPop2(service: ListenerName, listen: readonly ListenPlace[], parts: StartParts) {
  const { config, store, authenticator, policy, loginDelays, views, log, observer } = parts
  const { hostname, tls } = config
  if (tls.required === false) warnOfClearText(listen, log)
  return startPop2Server({
    listen,
    ...proxyFor(service, config),
    hostname,
    authenticator,
    maildrops: store,
    policy,
    loginDelays,
    views,
    log,
    observer,
    service,
    gate: parts.gate,
    cleartextLogin: tls.required === false ? 'always' : 'loopback',
    limits: sessionLimits(parts),
  })
}

function warnOfClearText(listen: readonly ListenPlace[], log: Log): void {
  const open = listen.filter(isOpen).map(formatPlace)
  if (open.length > 0) log.warn({ addresses: open }, 'passwords may travel in clear to these addresses')
}

/** Who may connect to a socket that others have opened is not known. */
function isOpen(place: ListenPlace): boolean {
  return 'fd' in place || !isLoopback(place)
}

function formatPlace(place: ListenPlace): string {
  return 'fd' in place ? formatInheritedSocket(place) : formatListenAddress(place)
}

async function startForOldDevices(service: ListenerName, listen: readonly ListenPlace[], parts: StartParts) {
  const { config, certificates, log } = parts
  const { networks, tls } = config.legacy
  const contexts: TlsContexts | undefined = tls === 'none' ? undefined : certificates?.legacy
  log.warn(
    { addresses: listen.map(formatPlace), networks, tls },
    'old devices are let in here, with less protection than is due',
  )
  return startPop3Server({
    ...pop3Options(service, listen, parts),
    implicitTls: service === 'pop3s-legacy',
    // Who says that the devices can do TLS does not expect them to do without.
    cleartextLogin: tls === 'none' ? 'always' : 'never',
    isForOldDevices: true,
    admits: within(networks),
    ...(contexts && { tls: contexts }),
  })
}

function proxyFor(
  service: ListenerName,
  { proxy: { networks, services } }: Config,
): { readonly proxy?: ProxyOptions } {
  const isBehind = networks.length > 0 && services.some(name => name === service)
  return isBehind ? { proxy: { trusts: within(networks) } } : {}
}

function pop3Options(
  service: ListenerName,
  listen: readonly ListenPlace[],
  parts: StartParts,
): Pop3ServerOptions {
  const { config, store, authenticator, policy, loginDelays, views, log, observer } = parts
  const { pop3, tls } = config
  return {
    listen,
    ...proxyFor(service, config),
    hostname: config.hostname,
    authenticator,
    maildrops: store,
    policy,
    loginDelays,
    views,
    log,
    observer,
    service,
    implementation: pop3.implementation,
    preferredLanguage: pop3.language,
    gate: parts.gate,
    limits: { ...sessionLimits(parts), handshakeTimeoutMs: tls.handshakeTimeoutMs },
  }
}

/** The limits that POP3 and POP2 have in common. */
function sessionLimits({ config: { pop3, limits }, addressRules }: StartParts) {
  return {
    autologoutMs: pop3.autologoutMs,
    authorizationTimeoutMs: pop3.loginTimeoutMs,
    writeTimeoutMs: pop3.writeTimeoutMs,
    minOctetsPerSecond: limits.minOctetsPerSecond,
    lineTimeoutMs: limits.lineTimeoutMs,
    sessions: pop3.maxSessions,
    sessionsPerAddress: pop3.maxSessionsPerAddress,
    addressRules,
  }
}

async function startMailIntake(
  service: ListenerName,
  listen: readonly ListenPlace[],
  { config, delivery, certificates, log, observer, gate, addressRules }: StartParts,
) {
  const { smtp, limits, tls, hostname, proxy } = config
  return startIntake({
    protocol: service === 'lmtp' ? 'lmtp' : 'smtp',
    listen,
    ...proxyFor(service, config),
    ...(proxy.xclient.length > 0 && { mayUseXclient: within(proxy.xclient) }),
    hostname,
    delivery,
    log,
    observer,
    maxOctets: smtp.maxOctets,
    maxRecipients: smtp.maxRecipients,
    maxSessions: smtp.maxSessions,
    maxSessionsPerAddress: smtp.maxSessionsPerAddress,
    timeoutMs: smtp.timeoutMs,
    minOctetsPerSecond: limits.minOctetsPerSecond,
    gate,
    addressRules,
    ...(certificates && {
      tls: { contexts: certificates, alpn: service, handshakeTimeoutMs: tls.handshakeTimeoutMs },
    }),
  })
}
