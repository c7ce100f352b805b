// A server in the foreground: says what it serves, then `ready`; drains on SIGTERM and SIGINT, reloads on SIGHUP. The log
// goes to standard error, all else to standard output.
import { basename, dirname, join } from 'node:path'
import type { Logger } from 'pino'
import { type Config, defaultPop3s, isLoopback, loadConfig } from '../config.ts'
import { createLog } from '../log.ts'
import { foldName } from '../mail/fold.ts'
import { createId } from '../mail/id.ts'
import { Readiness } from '../metrics/readiness.ts'
import { takeInheritedSockets } from '../net/inherited-sockets.ts'
import { formatListenAddress } from '../net/listener.ts'
import { ensureSelfSigned } from '../net/self-signed.ts'
import { createService, type Service } from '../service.ts'
import { packageVersion } from '../version.ts'
import type { ConfigOptions, JsonOptions } from './arguments.ts'
import { demoFolder, demoUsers, fillDemo } from './demo.ts'
import { invocation } from './invocation.ts'
import { printLine } from './output.ts'
import { type ServiceManager, takeServiceManager } from './service-manager.ts'

/** What running sessions get to finish once the server is told to end. */
const graceMs = 10_000

export interface ServeOptions extends ConfigOptions, JsonOptions {
  /** True, or the data folder. */
  readonly demo?: true | string
}

/** Runs the office until a signal ends it. Rejects when it cannot start. */
export async function serve(options: ServeOptions): Promise<void> {
  const config = await configFor(options)
  const log = await createLog(options.json ? { ...config.log, format: 'json' } : config.log)
  surviveFaults(log)
  const sockets = takeInheritedSockets(process.env, process.pid)
  const manager = takeServiceManager(process.env, process.pid, log)
  const service = await createService(config, { log, sockets })
  const ended = untilEnded({ service, options, log, manager })
  if (options.demo) await fillDemo(service, config)
  if (options.json) {
    printLine(
      JSON.stringify({ ready: true, pid: process.pid, data: config.data, listeners: service.listeners }),
    )
  } else {
    for (const line of await introduction(service, config, options)) printLine(line)
    printLine('ready')
  }
  manager?.ready(statusOf(service))
  manager?.watch(soundness(service, log, manager.watchdogMs))
  await ended
  await manager?.close()
  log.info({}, 'ended')
  // Nothing is left to wait for but timers of what was ended at once; the log is written out at exit.
  process.exit()
}

/** The configuration; of a demonstration, with a folder, a key and a certificate of its own. */
async function configFor({ config: file, demo }: ServeOptions): Promise<Config> {
  const config = loadConfig(file)
  if (!demo) return config
  const data = demoFolder(config, demo)
  const { tls, acme, listen } = config
  const auth = { ...config.auth, keyFile: join(data, 'secret.key') }
  const control = config.control.isNamed
    ? config.control
    : { ...config.control, socket: join(data, basename(config.control.socket)) }
  if (tls.files.length > 0 || acme) return { ...config, data, auth, control }
  const names = [...new Set(['localhost', config.hostname, '127.0.0.1', '::1'])]
  const files = [await ensureSelfSigned(data, names)]
  // A file that says what is served is believed.
  const pop3s = config.file === undefined ? [defaultPop3s] : listen.pop3s
  return { ...config, data, auth, control, tls: { ...tls, files }, listen: { ...listen, pop3s } }
}

async function introduction(service: Service, config: Config, options: ServeOptions): Promise<string[]> {
  const lines = [`Poplar ${packageVersion()}, data in ${config.data}`]
  for (const { service: name, address, port } of service.listeners)
    lines.push(`  ${name.toUpperCase()} on ${formatListenAddress({ host: address, port })}`)
  lines.push(...onClearText(config))
  if (options.demo) {
    lines.push(
      'DEMO: these users and their passwords are known to everybody. Keep no real mail here.',
      ...demoUsers.map(({ name, password }) => `  user ${name}, password ${password}`),
      ...config.tls.files
        .filter(({ certFile }) => dirname(certFile) === config.data)
        .map(({ certFile }) => `The certificate signed itself, and no program trusts it: ${certFile}`),
    )
  } else if (
    config.auth.sources.every(source => source === 'store') &&
    (await service.store.listAccounts()).length === 0
  ) {
    lines.push(
      'There are no users yet. Make the first one with:',
      `  ${invocation('user add NAME', options)}`,
    )
  }
  return lines
}

/** Who can read passwords on their way. */
function onClearText({ listen, tls, acme, legacy }: Config): string[] {
  const isOpen = listen.pop3.some(address => !isLoopback(address))
  const lines: string[] = []
  if (tls.required === false && isOpen)
    lines.push(
      'WARNING: passwords may travel in clear, and not only inside this machine (`required = false`).',
    )
  else if (listen.pop3.length > 0 && tls.files.length === 0 && !acme)
    lines.push('Passwords travel in clear, so POP3 is served inside this machine only.')
  if (legacy.pop3.length + legacy.pop3s.length > 0)
    lines.push(
      `WARNING: old devices log in ${legacy.tls === 'none' ? 'in clear' : 'over old TLS'} ([legacy]).`,
    )
  return lines
}

/** One line for whoever asks the service manager. */
function statusOf({ listeners }: Service): string {
  const places = listeners.map(({ service: name, address, port }) => {
    return `${name.toUpperCase()} on ${formatListenAddress({ host: address, port })}`
  })
  return `Serving ${places.join(', ')}`
}

/** Whether the store answers; a writer may be silent for as long as the whole server may. */
function soundness({ store }: Service, log: Logger, silenceMs: number | undefined) {
  const readiness = new Readiness({
    // Any name will do: what counts is that there is an answer.
    probe: () => store.findAccount(foldName('postmaster')),
    store: store.load,
    log,
    ...(silenceMs !== undefined && { maxSilenceMs: silenceMs }),
  })
  readiness.phase = 'serving'
  return () => readiness.reasons()
}

interface RunningServer {
  readonly service: Service
  readonly options: ServeOptions
  readonly log: Logger
  readonly manager: ServiceManager | undefined
}

/** Resolves when a signal has ended the service. */
function untilEnded(server: RunningServer): Promise<void> {
  const { service, log, manager } = server
  return new Promise((resolve, reject) => {
    let draining = false
    const end = (signal: NodeJS.Signals) => {
      const how = draining ? 'ending at once' : 'draining'
      log.info({ signal, graceMs: draining ? 0 : graceMs }, how)
      if (!draining) manager?.stopping(`Draining: sessions have ${graceMs / 1000} seconds to end`)
      const ending = draining ? service.close() : service.drain(graceMs)
      draining = true
      ending.then(resolve, reject)
    }
    process.on('SIGTERM', end).on('SIGINT', end)
    process.on('SIGHUP', () => void reload(server))
  })
}

/** A configuration with mistakes changes nothing. */
async function reload({ service, options, log, manager }: RunningServer): Promise<void> {
  manager?.reloading()
  try {
    const config = await configFor(options)
    log.level = config.log.level
    const unchanged = service.reload(config)
    if (unchanged.length > 0) log.warn({ keys: unchanged }, 'reloaded, but these keys need a restart')
    else log.info({}, 'reloaded')
    manager?.ready(statusOf(service))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    log.error({ reason }, 'not reloaded, the old configuration stays')
    manager?.ready(`${statusOf(service)}; not reloaded, see the log`)
  }
}

/**
 * An error that nobody caught is logged, and the server goes on. Nothing durable is in doubt: it changes only in the
 * store's transactions, which hold or fail as a whole. What is in doubt is the one session whose work broke off, and its
 * timeout ends it. To end the process instead would end every other session, and would let whoever finds such an error
 * take the office down.
 */
function surviveFaults(log: Logger): void {
  const report = (error: unknown) => log.error({ err: error, fault: createId() }, 'fault that nobody caught')
  process.on('uncaughtException', report).on('unhandledRejection', report)
}
