// Whether the office can be sent clients: it listens, is not on its way out, and its store answers.
import type { StoreLoad } from '../mail/store-load.ts'
import type { Log } from '../net/log.ts'

export interface ReadinessOptions {
  /** Reads something small; rejects when the store cannot be read. */
  readonly probe: () => Promise<unknown>
  readonly store: StoreLoad | undefined
  readonly log: Log
  /** How long the probe may take. Default 2,000. */
  readonly probeMs?: number
  /** For how long the writer may have something to write and answer nothing. Default 15,000. */
  readonly maxSilenceMs?: number
}

export type Phase = 'starting' | 'serving' | 'draining'

const phases: Readonly<Record<Phase, string | undefined>> = {
  starting: 'the listeners are not open yet',
  serving: undefined,
  draining: 'the office is draining: it takes no new sessions',
}

export class Readiness {
  phase: Phase = 'starting'
  readonly #options: Required<Omit<ReadinessOptions, 'store'>>
  readonly #store: StoreLoad | undefined
  #wasReady = true
  #asking: Promise<readonly string[]> | undefined

  constructor({ store, ...options }: ReadinessOptions) {
    this.#options = { probeMs: 2_000, maxSilenceMs: 15_000, ...options }
    this.#store = store
  }

  /** Why it is not ready, as sentences; empty when it is. Who asks meanwhile gets the same answer. */
  reasons(): Promise<readonly string[]> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #ask(): Promise<readonly string[]> {
    const ofStore = await this.#probe()
    const silenceMs = this.#store?.writerSilenceMs ?? 0
    const ofWriter =
      silenceMs > this.#options.maxSilenceMs
        ? `the store has written nothing for ${Math.round(silenceMs / 1000)} seconds, though something waits`
        : undefined
    const reasons = [phases[this.phase], ofStore, ofWriter].filter(reason => reason !== undefined)
    this.#tell(reasons)
    return reasons
  }

  /** What is wrong with the store is for the log: it may name files. */
  async #probe(): Promise<string | undefined> {
    const { probe, probeMs, log } = this.#options
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<string>(resolve => {
      timer = setTimeout(() => resolve('the store does not answer'), probeMs)
    })
    try {
      return await Promise.race([probe().then(() => undefined), timeout])
    } catch (error) {
      log.debug({ err: error }, 'the store cannot be read')
      return 'the store cannot be read'
    } finally {
      clearTimeout(timer)
    }
  }

  /** Once when it changes, however often somebody asks. */
  #tell(reasons: readonly string[]): void {
    const isReady = reasons.length === 0
    if (isReady === this.#wasReady) return
    this.#wasReady = isReady
    if (isReady) this.#options.log.info({}, 'ready again')
    else this.#options.log.warn({ reasons }, 'not ready')
  }
}
