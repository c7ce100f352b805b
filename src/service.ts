// The whole office: the only file that knows everything. Takes the data folder, opens the store, listens; reloads, drains,
// closes.
import { type Authenticator, createAuthenticator } from './auth/authenticator.ts'
import { type Config, deliveryRules, isLoopback, type ServiceName, serviceNames } from './config.ts'
import { startHousekeeping } from './housekeeping.ts'
import { createMailDelivery, type MailDelivery } from './mail/delivery/deliver.ts'
import type { Store } from './mail/store.ts'
import { formatListenAddress, type ListenAddress } from './net/listener.ts'
import { type Log, silentLog } from './net/log.ts'
import { startPop3Server } from './pop3/server/server.ts'
import { startIntake } from './smtp/intake/intake.ts'
import { lockFolder } from './store/folder-lock.ts'
import { openStore } from './store/open-store.ts'

export interface ServiceOptions {
  /** Where events are told; a pino logger fits. Default: nowhere. */
  readonly log?: Log
  /** A store in place of the one in the data folder, which is then not touched. The caller closes it. */
  readonly store?: Store
}

/** One address that is served, with the port the system chose. */
export interface ServiceListener {
  readonly service: ServiceName
  readonly address: string
  readonly port: number
}

export interface Service {
  readonly listeners: readonly ServiceListener[]
  readonly store: Store
  /** Hands mail in without a protocol, to the same rules. */
  readonly delivery: MailDelivery
  /**
   * Takes over what can change while sessions run. Returns the keys that differ but stay as they are until a restart,
   * as the configuration file names them.
   */
  reload(config: Config): readonly string[]
  /** Accepts nothing new, lets sessions finish for `graceMs`, then closes. */
  drain(graceMs: number): Promise<void>
  /** Ends sessions at once, deleting nothing, and closes. Also during a drain, and twice. */
  close(): Promise<void>
}

/**
 * Starts the office. Rejects, with everything closed again, when the data folder is served already or cannot be used
 * (a `Refusal`), or when one listener cannot be bound (an `Error` that names service, address and reason).
 */
export async function createService(config: Config, options: ServiceOptions = {}): Promise<Service> {
  const { log = silentLog } = options
  const opened = options.store ? { store: options.store, close: async () => {} } : await openData(config)
  const { store } = opened
  const live = createLiveParts(config, store)
  const servers: RunningServer[] = []
  try {
    for (const service of serviceNames) {
      if (config.listen[service].length === 0) continue
      servers.push(await startServer(service, { config, live, store, log }))
    }
  } catch (error) {
    await Promise.all(servers.map(({ server }) => server.close()))
    await opened.close()
    throw error
  }
  const housekeeping = startHousekeeping({ store, undeleteMs: () => live.config.store.undeleteMs, log })

  let closing: Promise<void> | undefined
  const closeData = () => {
    closing ??= housekeeping.stop().then(() => opened.close())
    return closing
  }

  return {
    listeners: servers.flatMap(({ service, server }) =>
      server.addresses.map(({ host, port }) => ({ service, address: host, port })),
    ),
    store,
    delivery: live.delivery,
    reload(next) {
      live.use(next)
      return fixedKeys
        .filter(({ valueIn }) => JSON.stringify(valueIn(next)) !== JSON.stringify(valueIn(config)))
        .map(({ key }) => key)
    },
    async drain(graceMs) {
      await Promise.all(servers.map(({ server }) => server.drain(graceMs)))
      await closeData()
    },
    async close() {
      await Promise.all(servers.map(({ server }) => server.close()))
      await closeData()
    },
  }
}

interface FixedKey {
  /** As the configuration file names it, its table before a dot. */
  readonly key: string
  readonly valueIn: (config: Config) => unknown
}

/** What can only change with a restart, because it is fixed when a listener starts. */
export const fixedKeys: readonly FixedKey[] = [
  { key: 'data', valueIn: config => config.data },
  { key: 'hostname', valueIn: config => config.hostname },
  ...serviceNames.map(name => ({ key: `listen.${name}`, valueIn: (config: Config) => config.listen[name] })),
  { key: 'pop3.autologout', valueIn: config => config.pop3.autologoutMs },
  { key: 'pop3.login_timeout', valueIn: config => config.pop3.loginTimeoutMs },
  { key: 'pop3.write_timeout', valueIn: config => config.pop3.writeTimeoutMs },
  { key: 'pop3.max_sessions', valueIn: config => config.pop3.maxSessions },
  { key: 'pop3.max_sessions_per_address', valueIn: config => config.pop3.maxSessionsPerAddress },
  { key: 'pop3.implementation', valueIn: config => config.pop3.implementation },
  { key: 'smtp.size', valueIn: config => config.smtp.maxOctets },
  { key: 'smtp.max_recipients', valueIn: config => config.smtp.maxRecipients },
  { key: 'smtp.max_sessions', valueIn: config => config.smtp.maxSessions },
  { key: 'smtp.max_sessions_per_address', valueIn: config => config.smtp.maxSessionsPerAddress },
  { key: 'smtp.timeout', valueIn: config => config.smtp.timeoutMs },
  { key: 'store.cache', valueIn: config => config.store.cacheOctets },
  { key: 'log.format', valueIn: config => config.log.format },
]

interface RunningServer {
  readonly service: ServiceName
  readonly server: {
    readonly addresses: readonly ListenAddress[]
    drain(graceMs: number): Promise<void>
    close(): Promise<void>
  }
}

interface OpenedStore {
  readonly store: Store
  readonly close: () => Promise<void>
}

/** The data folder, ours alone among servers, and the store in it. */
async function openData({ data: folder, store: { cacheOctets } }: Config): Promise<OpenedStore> {
  const lock = lockFolder(folder)
  try {
    const store = await openStore({ folder, writer: 'thread', cacheOctets })
    return {
      store,
      close: async () => {
        try {
          await store.close()
        } finally {
          lock.release()
        }
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** What follows the configuration while sessions run: they hold these objects, and what is inside is exchanged. */
interface LiveParts {
  readonly config: Config
  readonly delivery: MailDelivery
  readonly authenticator: Authenticator
  use(config: Config): void
}

function createLiveParts(initial: Config, store: Store): LiveParts {
  let config = initial
  let delivery = createMailDelivery({ directory: store, target: store, ...deliveryRules(config) })
  let authenticator = createLogin(config, store)
  return {
    get config() {
      return config
    },
    delivery: {
      resolve: (forwardPath, announcedOctets) => delivery.resolve(forwardPath, announcedOctets),
      deliver: (envelope, octets, recipients, mode) => delivery.deliver(envelope, octets, recipients, mode),
    },
    authenticator: {
      authenticate: (loginName, password) => authenticator.authenticate(loginName, password),
      nameOf: loginName => authenticator.nameOf(loginName),
    },
    use(next) {
      // What was remembered of passwords is worth keeping where nothing changed.
      const sameLogin =
        JSON.stringify([next.auth, next.domains]) === JSON.stringify([config.auth, config.domains])
      // What greetings and SIZE announce stays until a restart; so does what follows from it.
      const { hostname, smtp } = initial
      config = { ...next, hostname, smtp: { ...next.smtp, maxOctets: smtp.maxOctets } }
      delivery = createMailDelivery({ directory: store, target: store, ...deliveryRules(config) })
      if (!sameLogin) authenticator = createLogin(config, store)
    },
  }
}

function createLogin({ domains, auth }: Config, store: Store): Authenticator {
  return createAuthenticator(store, {
    localDomains: domains,
    cost: auth.argon2,
    cache: { ttlMs: auth.rememberMs },
    concurrency: auth.concurrency,
    maxWaiting: auth.maxWaiting,
  })
}

interface ServerParts {
  readonly config: Config
  readonly live: LiveParts
  readonly store: Store
  readonly log: Log
}

async function startServer(service: ServiceName, parts: ServerParts): Promise<RunningServer> {
  try {
    return {
      service,
      server: await (service === 'pop3' ? startPop3(parts) : startMailIntake(service, parts)),
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`cannot serve ${service.toUpperCase()}: ${reason}`, { cause })
  }
}

function startPop3({ config, live, store, log }: ServerParts) {
  const { pop3 } = config
  const open = config.listen.pop3.filter(address => !isLoopback(address)).map(formatListenAddress)
  if (open.length > 0) log.warn({ addresses: open }, 'passwords travel in clear to these addresses')
  return startPop3Server({
    listen: config.listen.pop3,
    hostname: config.hostname,
    authenticator: live.authenticator,
    maildrops: store,
    log,
    implementation: pop3.implementation,
    limits: {
      autologoutMs: pop3.autologoutMs,
      authorizationTimeoutMs: pop3.loginTimeoutMs,
      writeTimeoutMs: pop3.writeTimeoutMs,
      sessions: pop3.maxSessions,
      sessionsPerAddress: pop3.maxSessionsPerAddress,
    },
  })
}

function startMailIntake(protocol: 'smtp' | 'lmtp', { config, live, log }: ServerParts) {
  const { smtp } = config
  return startIntake({
    protocol,
    listen: config.listen[protocol],
    hostname: config.hostname,
    delivery: live.delivery,
    log,
    maxOctets: smtp.maxOctets,
    maxRecipients: smtp.maxRecipients,
    maxSessions: smtp.maxSessions,
    maxSessionsPerAddress: smtp.maxSessionsPerAddress,
    timeoutMs: smtp.timeoutMs,
  })
}
