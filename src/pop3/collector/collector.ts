// Many sources, each on a schedule of its own: some of them at a time, none waiting for another's trouble, each by one
// collector alone.
import { setTimeout as sleep } from 'node:timers/promises'
import type { CollectedSource, CollectionLease, CollectionLedger } from '../../mail/collection-ledger.ts'
import { jittered } from './back-off.ts'
import type { Destination } from './destination.ts'
import type { CollectEvent, RunSummary, Trouble } from './events.ts'
import { heldLedger } from './held-ledger.ts'
import { Places } from './places.ts'
import type { CollectPolicy } from './policy.ts'
import { runOnce } from './run.ts'
import type { Source } from './source.ts'
import { afterRun, newSource, reasonToWait } from './source-state.ts'
import { troubleOf } from './trouble.ts'
import { Turns } from './turns.ts'

/** One source with where its mail goes. */
export interface Collection {
  readonly source: Source
  /** At least one; made for each run, closed behind it. */
  readonly openDestinations: () => readonly Destination[]
  readonly policy: CollectPolicy
  /** 0: by hand only. */
  readonly everyMs: number
}

export interface CollectorOptions {
  readonly collections: readonly Collection[]
  readonly ledger: CollectionLedger
  readonly spoolFolder: string
  /** As notices call this host. */
  readonly hostname: string
  /** Sources that are asked at the same time. */
  readonly atOnce: number
  readonly onEvent: (event: CollectEvent) => void
  /** Told how a run ended, and what the ledger says of its source since. */
  readonly onEnd?: (summary: RunSummary, state: CollectedSource) => void
  /** Told of what has no run to stand in. */
  readonly onFault: (error: unknown, source: string) => void
  readonly now?: () => Date
}

export interface RunOptions {
  /** Names; default: all. */
  readonly only?: readonly string[]
  /** Also those that are paused, or are to be left alone for a while. */
  readonly isForced?: boolean
  readonly isDryRun?: boolean
  readonly signal: AbortSignal
}

/** How often is looked whether another collector has let a source go. */
const leasePollMs = 500
const longestTimerMs = 2 ** 31 - 1

export class Collector {
  readonly #options: CollectorOptions
  readonly #places: Places
  readonly #turns = new Turns()
  readonly #stopping = new AbortController()
  readonly #timers = new Map<string, NodeJS.Timeout>()
  readonly #running = new Set<Promise<void>>()

  constructor(options: CollectorOptions) {
    this.#options = options
    this.#places = new Places(options.atOnce)
  }

  /** Each of them once, and by hand: waits for another collector that is at it. In the order in which they are configured. */
  async run({
    only,
    isForced = false,
    isDryRun = false,
    signal,
  }: RunOptions): Promise<readonly RunSummary[]> {
    const { collections } = this.#options
    const chosen = collections.filter(({ source }) => only?.includes(source.name) ?? true)
    return Promise.all(chosen.map(each => this.#runByHand(each, { isForced, isDryRun, signal })))
  }

  /** Runs them by schedule until `stop`, the first time soon. */
  start(): void {
    for (const collection of this.#options.collections)
      if (collection.everyMs > 0)
        this.#schedule(collection, Math.random() * Math.min(collection.everyMs, 10_000))
  }

  /** Ends what runs, after the message at hand at the latest. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    for (const timer of this.#timers.values()) clearTimeout(timer)
    await Promise.all(this.#running)
  }

  #schedule(collection: Collection, delayMs: number): void {
    if (this.#stopping.signal.aborted) return
    const { name } = collection.source
    const timer = setTimeout(
      () => {
        const run = this.#runBySchedule(collection)
          .catch((error: unknown) => this.#options.onFault(error, name))
          .finally(() => {
            this.#running.delete(run)
            this.#schedule(collection, jittered(collection.everyMs))
          })
        this.#running.add(run)
      },
      Math.min(delayMs, longestTimerMs),
    )
    this.#timers.set(name, timer)
  }

  /** Where another collector is at it, there is nothing to do. */
  async #runBySchedule(collection: Collection): Promise<void> {
    const { signal } = this.#stopping
    await this.#inTurn(collection, async () => {
      if (signal.aborted || (await this.#reasonToWait(collection)) !== undefined) return
      const lease = await this.#options.ledger.leaseSource(collection.source.name)
      if (lease) await this.#runWith(lease, collection, { isDryRun: false, signal })
    })
  }

  /**
   * When there is a place, and no other source runs on that account, whose sessions would lock each other out (RFC 1939
   * section 8). Only then is a lease taken, so that nobody waits for a source that itself only waits.
   */
  #inTurn<T>({ source }: Collection, work: () => Promise<T>): Promise<T> {
    return this.#turns.use(source.identity, () => this.#places.use(work))
  }

  async #runWith(
    lease: CollectionLease,
    { source, openDestinations, policy }: Collection,
    { isDryRun, signal }: { readonly isDryRun: boolean; readonly signal: AbortSignal },
  ): Promise<RunSummary> {
    const { ledger, spoolFolder, hostname, onEvent, now = () => new Date() } = this.#options
    let destinations: readonly Destination[] = []
    try {
      try {
        destinations = openDestinations()
      } catch (error) {
        return await this.#notOpened(source, troubleOf(error), isDryRun ? undefined : lease)
      }
      const parts = {
        source,
        destinations,
        policy,
        ledger: heldLedger(ledger, lease),
        spoolFolder,
        hostname,
        isDryRun,
        signal,
        onEvent,
        now,
      }
      const summary = await runOnce(parts, () => lease.holds)
      await this.#tellEnd(summary)
      return summary
    } finally {
      await Promise.allSettled(destinations.map(async destination => destination.close()))
      await lease.release()
    }
  }

  /** A destination that cannot be opened is trouble as any other: the ledger counts it, and it is told. */
  async #notOpened(
    source: Source,
    trouble: Trouble,
    lease: CollectionLease | undefined,
  ): Promise<RunSummary> {
    const { ledger, onEvent, now = () => new Date() } = this.#options
    const summary = notRun(source.name, trouble)
    if (lease) {
      const known = (await ledger.findSource(source.name)) ?? newSource(source.name, source.identity)
      // What is known of another mailbox under that name is not its business.
      if (known.identity === source.identity)
        await ledger.saveSource(afterRun(known, { trouble, now: now(), loginDelayMs: 0 }), lease)
    }
    onEvent({ kind: 'finished', source: source.name, summary })
    await this.#tellEnd(summary)
    return summary
  }

  /** Never rejects: what went wrong is the summary's trouble, and concerns no other source. */
  async #runByHand(
    collection: Collection,
    { isForced, isDryRun, signal }: Required<Omit<RunOptions, 'only'>>,
  ): Promise<RunSummary> {
    const { name } = collection.source
    try {
      const reason = isForced ? undefined : await this.#reasonToWait(collection)
      if (reason !== undefined) return notRun(name, { fault: 'waiting', reason, notBefore: undefined })
      return await this.#runOnceFree(collection, { isDryRun, signal })
    } catch (error) {
      return notRun(name, troubleOf(error, signal))
    }
  }

  /** Keeps no place from others while another collector has the source. */
  async #runOnceFree(
    collection: Collection,
    options: { readonly isDryRun: boolean; readonly signal: AbortSignal },
  ): Promise<RunSummary> {
    const { name } = collection.source
    const { signal } = options
    for (let isFirst = true; ; isFirst = false) {
      const summary = await this.#inTurn(collection, async () => {
        signal.throwIfAborted()
        const lease = await this.#options.ledger.leaseSource(name)
        return lease && this.#runWith(lease, collection, options)
      })
      if (summary) return summary
      if (isFirst) this.#options.onEvent({ kind: 'waiting-for-lease', source: name })
      await sleep(leasePollMs, undefined, { signal })
    }
  }

  async #tellEnd(summary: RunSummary): Promise<void> {
    const { ledger, onEnd } = this.#options
    const state = onEnd && (await ledger.findSource(summary.source))
    if (state) onEnd(summary, state)
  }

  async #reasonToWait({ source: { name } }: Collection): Promise<string | undefined> {
    const { ledger, now = () => new Date() } = this.#options
    const known: CollectedSource | undefined = await ledger.findSource(name)
    return known && reasonToWait(known, now())
  }
}

function notRun(source: string, trouble: Trouble): RunSummary {
  const none = {
    listed: 0,
    fetched: 0,
    fetchedOctets: 0,
    skipped: 0,
    failed: 0,
    parked: 0,
    deleted: 0,
    left: 0,
  }
  return { source, ...none, durationMs: 0, trouble }
}
