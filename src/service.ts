// The whole office: the only file that knows everything. Takes the data folder, opens the store, listens; reloads, drains,
// closes.
import { openCertificates } from './certificates.ts'
import { startCollecting } from './collecting.ts'
import { type Config, deliveryRules, serviceNames, viewRules } from './config.ts'
import { type ControlParts, startControl } from './control/control.ts'
import { startHousekeeping } from './housekeeping.ts'
import { type ListenerName, startServers } from './listeners.ts'
import { openLogins } from './logins.ts'
import type { AccountDirectory } from './mail/account-directory.ts'
import { AccountPolicy } from './mail/account-policy.ts'
import { createMailDelivery, type MailDelivery } from './mail/delivery/deliver.ts'
import { warnOfQuotas } from './mail/delivery/quota-warning.ts'
import { LoginDelays } from './mail/login-delays.ts'
import type { Store } from './mail/store.ts'
import { openMonitoring, openTracing } from './monitoring.ts'
import type { InheritedSocket } from './net/inherited-sockets.ts'
import type { ListenAddress } from './net/listener.ts'
import { type Log, silentLog } from './net/log.ts'
import { Observers } from './net/observer.ts'
import { socketPathFault } from './net/unix-socket.ts'
import { lockFolder } from './store/folder-lock.ts'
import { openStore } from './store/open-store.ts'

export interface ServiceOptions {
  /** Where events are told; a pino logger fits. Default: nowhere. */
  readonly log?: Log
  /** A store in place of the one in the data folder, which is then not touched. The caller closes it. */
  readonly store?: Store
  /** Sockets that listen already, each under the name of its service, in place of what [listen] says of that. */
  readonly sockets?: readonly InheritedSocket[]
}

/** One address that is served, with the port the system chose. */
export interface ServiceListener {
  readonly service: ListenerName | 'metrics'
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
   * as the configuration file names them. Throws an Error, and changes nothing, when a certificate cannot be used.
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
  const parts = new OpenParts()
  const keep = <T extends Closable>(part: T): T => parts.keep(part)
  try {
    const tracing = await openTracing(config, options.log ?? silentLog)
    if (tracing) keep(tracing)
    const log = tracing?.log ?? options.log ?? silentLog
    const isKept = options.store === undefined
    const { store } = keep(
      options.store ? { store: options.store, close: async () => {} } : await openData(config),
    )
    const certificates = await openCertificates(config, log)
    if (certificates) keep(certificates)
    const logins = keep(await openLogins(config, store, { log, isKept }))
    const observers = new Observers()
    let views = viewRules(config)
    if (tracing) observers.add(tracing.observer)
    const watched = { observers, store, logins, certificates, log }
    const monitoring = keep(await openMonitoring(config, watched))
    const live = createLiveDelivery(config, store, logins.directory)
    const policy = await openPolicy(live, store)
    const servers = await startServers({
      config,
      store,
      delivery: live.delivery,
      authenticator: logins.authenticator,
      policy,
      loginDelays: new LoginDelays(),
      views: () => views,
      certificates: certificates?.certificates,
      log,
      observer: observers,
      sockets: options.sockets ?? [],
    })
    keep({ close: async () => void (await Promise.all(servers.map(({ server }) => server.close()))) })
    const housekeeping = startHousekeeping({
      store,
      rules: () => ({ ...live.config.store, retention: live.config.retention }),
      warn: signal => warnOfQuotas({ store, hostname: config.hostname }, signal),
      log,
      onFreed: monitoring.freed,
    })
    keep({ close: () => housekeeping.stop() })
    keep(startCollecting(config, { store, delivery: live.delivery, onRun: monitoring.collected, log }))
    const nameOf = (name: string) => logins.authenticator.nameOf(name)
    const storeQueue = () => store.load?.waitingWrites
    keep(await openControl(config, isKept, { observers, nameOf, storeQueue, log }))

    monitoring.serving()
    return {
      listeners: [
        ...servers.flatMap(({ service, server }) => listenersOf(service, server.addresses)),
        ...listenersOf('metrics', monitoring.addresses),
      ],
      store,
      delivery: live.delivery,
      reload(next) {
        certificates?.use(next)
        logins.use(next)
        views = viewRules(next)
        live.use(next)
        return fixedKeysThatDiffer(config, next)
      },
      async drain(graceMs) {
        monitoring.draining()
        await Promise.all(servers.map(({ server }) => server.drain(graceMs)))
        await parts.close()
      },
      async close() {
        monitoring.draining()
        await Promise.all(servers.map(({ server }) => server.close()))
        await parts.close()
      },
    }
  } catch (error) {
    await parts.close()
    throw error
  }
}

function listenersOf(
  service: ServiceListener['service'],
  addresses: readonly ListenAddress[],
): readonly ServiceListener[] {
  return addresses.map(({ host, port }) => ({ service, address: host, port }))
}

interface Closable {
  close(): Promise<void>
}

/** What was opened so far, to be closed in the opposite order. */
class OpenParts {
  readonly #parts: Closable[] = []
  #closed: Promise<void> | undefined

  keep<T extends Closable>(part: T): T {
    this.#parts.push(part)
    return part
  }

  /** Also twice: it resolves when all is closed. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    for (const part of this.#parts.reverse()) await part.close()
  }
}

interface FixedKey {
  /** As the configuration file names it, its table before a dot; or a whole table. */
  readonly key: string
  readonly valueIn: (config: Config) => unknown
}

/** What can only change with a restart, because it is fixed when a listener starts. */
export const fixedKeys: readonly FixedKey[] = [
  { key: 'data', valueIn: config => config.data },
  { key: 'hostname', valueIn: config => config.hostname },
  ...serviceNames.map(name => ({ key: `listen.${name}`, valueIn: (config: Config) => config.listen[name] })),
  { key: 'control.socket', valueIn: config => config.control.socket },
  { key: 'pop3.autologout', valueIn: config => config.pop3.autologoutMs },
  { key: 'pop3.login_timeout', valueIn: config => config.pop3.loginTimeoutMs },
  { key: 'pop3.write_timeout', valueIn: config => config.pop3.writeTimeoutMs },
  { key: 'pop3.max_sessions', valueIn: config => config.pop3.maxSessions },
  { key: 'pop3.max_sessions_per_address', valueIn: config => config.pop3.maxSessionsPerAddress },
  { key: 'pop3.implementation', valueIn: config => config.pop3.implementation },
  { key: 'pop3.language', valueIn: config => config.pop3.language },
  { key: 'smtp.size', valueIn: config => config.smtp.maxOctets },
  { key: 'smtp.max_recipients', valueIn: config => config.smtp.maxRecipients },
  { key: 'smtp.max_sessions', valueIn: config => config.smtp.maxSessions },
  { key: 'smtp.max_sessions_per_address', valueIn: config => config.smtp.maxSessionsPerAddress },
  { key: 'smtp.timeout', valueIn: config => config.smtp.timeoutMs },
  { key: 'limits', valueIn: config => config.limits },
  { key: 'store.cache', valueIn: config => config.store.cacheOctets },
  { key: 'tls.required', valueIn: config => config.tls.required },
  { key: 'tls.client_ca', valueIn: config => config.tls.clientCaFile },
  { key: 'tls.handshake_timeout', valueIn: config => config.tls.handshakeTimeoutMs },
  { key: 'acme', valueIn: config => config.acme },
  { key: 'legacy', valueIn: config => config.legacy },
  { key: 'proxy', valueIn: config => config.proxy },
  { key: 'auth.sources', valueIn: config => config.auth.sources },
  { key: 'auth.key_file', valueIn: config => config.auth.keyFile },
  { key: 'oauth', valueIn: config => config.oauth },
  { key: 'passwd_file', valueIn: config => config.passwdFile },
  { key: 'sql', valueIn: config => config.sql },
  { key: 'ldap', valueIn: config => config.ldap },
  { key: 'collect', valueIn: config => config.collect },
  { key: 'collector', valueIn: config => config.collector },
  { key: 'metrics', valueIn: config => config.metrics },
  { key: 'tracing', valueIn: config => config.tracing },
  { key: 'log.format', valueIn: config => config.log.format },
]

/** Where nobody has said where the socket is to be, an office is served without it rather than not at all. */
async function openControl(
  { control: { socket: path, isNamed } }: Config,
  isKept: boolean,
  parts: Omit<ControlParts, 'path'>,
): Promise<Closable> {
  const none = { close: async () => {} }
  // The data folder of a store that was handed in may not even be there.
  if (!isNamed && !isKept) return none
  const fault = isNamed ? undefined : socketPathFault(path)
  if (fault === undefined) return startControl({ ...parts, path })
  parts.log.warn({ reason: fault }, 'no control socket: name another with `socket` in [control]')
  return none
}

function fixedKeysThatDiffer(one: Config, other: Config): readonly string[] {
  return fixedKeys
    .filter(({ valueIn }) => JSON.stringify(valueIn(one)) !== JSON.stringify(valueIn(other)))
    .map(({ key }) => key)
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

/** The delivery that follows the configuration while sessions run: they hold it, and what is inside is exchanged. */
interface LiveDelivery {
  readonly config: Config
  readonly delivery: MailDelivery
  use(config: Config): void
}

async function openPolicy(live: LiveDelivery, store: Store): Promise<AccountPolicy> {
  const policy = new AccountPolicy({
    rules: () => ({ loginDelayMs: live.config.pop3.loginDelayMs, retention: live.config.retention }),
    survey: () => store.surveySettings(),
  })
  // What is announced is true from the first session on.
  await policy.refresh()
  return policy
}

function createLiveDelivery(initial: Config, store: Store, directory: AccountDirectory): LiveDelivery {
  const create = () => createMailDelivery({ directory, target: store, ...deliveryRules(config) })
  let config = initial
  let delivery = create()
  return {
    get config() {
      return config
    },
    delivery: {
      resolve: (forwardPath, announcedOctets) => delivery.resolve(forwardPath, announcedOctets),
      deliver: (envelope, octets, recipients, mode) => delivery.deliver(envelope, octets, recipients, mode),
    },
    use(next) {
      // What greetings and SIZE announce stays until a restart; so does what follows from it.
      const { hostname, smtp } = initial
      config = { ...next, hostname, smtp: { ...next.smtp, maxOctets: smtp.maxOctets } }
      delivery = create()
    },
  }
}
