// Tells the service manager how the server is doing, as sd_notify(3) of systemd describes it: ready, reloading, stopping,
// alive. Node cannot send datagrams to Unix sockets, so the program systemd-notify does (docs/decisions/0011). Nothing of
// this can stop the server: what cannot be told is logged.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Log } from '../net/log.ts'

const run = promisify(execFile)

/** What systemd-notify may take: it waits until the manager has read. */
const patienceMs = 5_000
const maxStatusLength = 500

export interface ServiceManagerOptions {
  /** Where the manager listens: a path, or a name behind `@`. */
  readonly socket: string
  /** The manager ends a server that is silent for so long; undefined when it does not watch. */
  readonly watchdogMs: number | undefined
  readonly log: Log
}

/**
 * The manager that started the process of this id; undefined where none wants to be told. Takes its variables away, so that
 * no child believes them to be its own.
 */
export function takeServiceManager(
  environment: NodeJS.ProcessEnv,
  pid: number,
  log: Log,
): ServiceManager | undefined {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: watchdogUs, WATCHDOG_PID: watched } = environment
  delete environment.NOTIFY_SOCKET
  delete environment.WATCHDOG_USEC
  delete environment.WATCHDOG_PID
  if (!socket) return undefined
  const isWatched = /^[1-9]\d{0,15}$/.test(watchdogUs ?? '') && (watched ?? String(pid)) === String(pid)
  return new ServiceManager({ socket, watchdogMs: isWatched ? Number(watchdogUs) / 1000 : undefined, log })
}

export class ServiceManager {
  readonly #options: ServiceManagerOptions
  /** What is told arrives in the order in which it was said. */
  #told: Promise<void> = Promise.resolve()
  #isHeard = true
  #watching: NodeJS.Timeout | undefined

  constructor(options: ServiceManagerOptions) {
    this.#options = options
  }

  get watchdogMs(): number | undefined {
    return this.#options.watchdogMs
  }

  ready(status: string): void {
    this.#tell(['READY=1', statusField(status)])
  }

  /** `ready` has to follow, whatever comes of it. */
  reloading(): void {
    // The clock that `hrtime` reads is CLOCK_MONOTONIC, which the manager compares with.
    const microseconds = process.hrtime.bigint() / 1000n
    this.#tell(['RELOADING=1', `MONOTONIC_USEC=${microseconds}`, statusField('Reloading the configuration')])
  }

  stopping(status: string): void {
    this.#tell(['STOPPING=1', statusField(status)])
  }

  /**
   * Says that the server is alive, twice in the time it may be silent, while `reasons` gives none why it is not. An event
   * loop that is stuck says nothing. Does nothing when the manager does not watch.
   */
  watch(reasons: () => Promise<readonly string[]>): void {
    const { watchdogMs } = this.#options
    if (watchdogMs === undefined) return
    let isAsking = false
    let wasWell = true
    const look = async () => {
      if (isAsking) return
      isAsking = true
      try {
        const faults = await reasons()
        if (faults.length === 0)
          this.#tell(wasWell ? ['WATCHDOG=1'] : ['WATCHDOG=1', statusField('Well again')])
        else if (wasWell) this.#tell([statusField(`Not well: ${faults.join('; ')}`)])
        wasWell = faults.length === 0
        await this.#told
      } finally {
        isAsking = false
      }
    }
    this.#watching = setInterval(() => void look(), watchdogMs / 2)
    this.#watching.unref()
  }

  /** Resolves when all that was said has arrived, or could not; after it the manager hears no more. */
  async close(): Promise<void> {
    clearInterval(this.#watching)
    await this.#told
  }

  #tell(fields: readonly string[]): void {
    this.#told = this.#told.then(() => this.#send(fields))
  }

  /** Logs the first failure of several. */
  async #send(fields: readonly string[]): Promise<void> {
    const { socket, log } = this.#options
    try {
      await run('systemd-notify', fields, {
        env: { PATH: process.env.PATH, NOTIFY_SOCKET: socket },
        timeout: patienceMs,
      })
      this.#isHeard = true
    } catch (error) {
      if (this.#isHeard) log.warn({ reason: reasonOf(error) }, 'the service manager cannot be told')
      this.#isHeard = false
    }
  }
}

/** One line, whatever is said. */
function statusField(status: string): string {
  return `STATUS=${status.replace(/[\p{Cc}\s]+/gu, ' ').slice(0, maxStatusLength)}`
}

function reasonOf(error: unknown): string {
  const { code, stderr, message } = error as NodeJS.ErrnoException & { readonly stderr?: string }
  if (code === 'ENOENT') return 'the program systemd-notify is not installed'
  return stderr?.trim() || message
}
