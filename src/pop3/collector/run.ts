// One run over one source: list, fetch what is new, store it, and only then ask the source to delete. A kill at any step leaves
// a ledger from which the next run goes on: every message is stored before it is recorded, and recorded before it is deleted.
import type { CollectedRecord, CollectedSource } from '../../mail/collection-ledger.ts'
import { deliver } from './deliver.ts'
import { DestinationError } from './destination.ts'
import type { RunSummary } from './events.ts'
import { FetchCounts, Fetching } from './fetching.ts'
import { headersOf, lookInto, needsHeaders } from './header-look.ts'
import { keysOf } from './keys.ts'
import { noticeOf } from './notice.ts'
import { type Keyed, type Plan, planOf } from './plan.ts'
import { type CollectPolicy, mayDelete } from './policy.ts'
import { type Reconciled, reconcile } from './reconcile.ts'
import { newRecord, skipped } from './record.ts'
import { Records } from './records.ts'
import { removeAndCommit } from './removing.ts'
import type { RunParts } from './run-parts.ts'
import { type Source, SourceError, type SourceMessage, type SourceSession } from './source.ts'
import { afterRun, newSource } from './source-state.ts'
import { troubleOf } from './trouble.ts'

/** Connections that may be lost in one run without a message stored in between. */
const maxLosses = 3
/** Into so many slices a maildrop is cut, however few messages one of them is to have. */
const maxSlices = 50

/**
 * Runs once, by whoever has the lease of the source. Never throws what source, destinations or ledger have to say: that is
 * the summary's `trouble`, and stands in the ledger.
 */
export async function runOnce(parts: RunParts, holdsLease: () => boolean): Promise<RunSummary> {
  return new Run(parts, holdsLease).run()
}

class Run {
  readonly #parts: RunParts
  readonly #holdsLease: () => boolean
  readonly #counts = new FetchCounts()
  readonly #began = performance.now()
  #listed = 0
  #deleted = 0
  #left = 0
  #hasListed = false
  #loginDelayMs = 0

  constructor(parts: RunParts, holdsLease: () => boolean) {
    this.#parts = parts
    this.#holdsLease = holdsLease
  }

  async run(): Promise<RunSummary> {
    const { source, onEvent } = this.#parts
    onEvent({ kind: 'started', source: source.name })
    let failure: { readonly error: unknown } | undefined
    try {
      await this.#run()
    } catch (error) {
      failure = { error }
    }
    const summary: RunSummary = {
      source: source.name,
      listed: this.#listed,
      fetched: this.#counts.fetched,
      fetchedOctets: this.#counts.fetchedOctets,
      skipped: this.#counts.skipped,
      failed: this.#counts.failed,
      parked: this.#counts.parked,
      deleted: this.#deleted,
      left: this.#left,
      durationMs: performance.now() - this.#began,
      trouble: failure && troubleOf(failure.error, this.#parts.signal),
    }
    onEvent({ kind: 'finished', source: source.name, summary })
    return summary
  }

  async #run(): Promise<void> {
    const { source, ledger, now, isDryRun = false } = this.#parts
    const known = await ledger.findSource(source.name)
    if (known && known.identity !== source.identity) throw otherMailbox(source, known.identity)
    const state = known ?? newSource(source.name, source.identity)
    const records = await this.#load(state)
    const isFirstRun = state.lastSuccessAt === undefined && records.size === 0
    let failure: { readonly error: unknown } | undefined
    try {
      await this.#collect(records, isFirstRun)
    } catch (error) {
      failure = { error }
    }
    if (!isDryRun) {
      await records.flush()
      const trouble = failure && troubleOf(failure.error, this.#parts.signal)
      await ledger.saveSource(afterRun(state, { trouble, now: now(), loginDelayMs: this.#loginDelayMs }))
    }
    if (failure) throw failure.error
  }

  /** A ledger that cannot be read is trouble that `status` shows. The source was not asked for anything, and need not be left alone. */
  async #load(state: CollectedSource): Promise<Records> {
    const { source, ledger, signal, now, isDryRun = false } = this.#parts
    try {
      return await Records.load(ledger, source.name)
    } catch (error) {
      const ended = afterRun(state, { trouble: troubleOf(error, signal), now: now(), loginDelayMs: 0 })
      if (!isDryRun) await ledger.saveSource({ ...ended, notBefore: state.notBefore })
      throw error
    }
  }

  /** Sessions, one after the other, until nothing is left, or nothing goes on. */
  async #collect(records: Records, isFirstRun: boolean): Promise<void> {
    let losses = 0
    for (let isFirst = isFirstRun; ; isFirst = false) {
      const { fetched } = this.#counts
      try {
        if (!(await this.#session(records, isFirst))) return
      } catch (error) {
        const isLoss = error instanceof SourceError && error.fault === 'unavailable' && this.#hasListed
        losses = this.#counts.fetched > fetched ? 1 : losses + 1
        if (!isLoss || losses >= maxLosses) throw error
      }
    }
  }

  /** One session with the source. Whether there is more to fetch. */
  async #session(records: Records, isFirstRun: boolean): Promise<boolean> {
    const { source, policy, signal, now, isDryRun = false } = this.#parts
    await using session = await source.open(signal)
    const { messages, oddities } = await session.listing(signal)
    const listed = await keysOf(messages, session, signal)
    const { listsPart = false, loginDelayMs = 0 } = session.habits ?? {}
    this.#loginDelayMs = loginDelayMs
    const keys = new Set<string>()
    for (const { key } of listed) keys.add(key)
    const past = reconcile(records, keys, { now: now(), listsPart })
    if (!isDryRun) {
      await records.saveAll(past.changed)
      await records.forget(past.forgotten)
    }
    const circumstances = { records, listed: keys, past, isFirstRun }
    const plan = await this.#plan(listed, session, circumstances)
    this.#tell(listed, plan, oddities)
    if (isDryRun) return false
    await this.#leaveAlone(plan, session, records)
    const isInSlices = policy.keep === 'none' && loginDelayMs === 0
    const slice = isInSlices ? plan.fetch.slice(0, sliceOf(this.#listed, policy)) : plan.fetch
    await this.#fetchAndRemove(slice, plan.remove, session, circumstances)
    return slice.length < plan.fetch.length
  }

  async #plan(
    listed: readonly Keyed[],
    session: SourceSession,
    { records, past, isFirstRun }: Circumstances,
  ): Promise<Plan> {
    const { source, policy, signal, now } = this.#parts
    const batch = policy.batch === undefined ? undefined : Math.max(0, policy.batch - this.#counts.fetched)
    const options = {
      source: source.name,
      policy: { ...policy, batch },
      records,
      doubtful: past.doubtful,
      isFirstRun,
      now: now(),
    }
    const plan = planOf(listed, options)
    if (!needsHeaders(policy, isFirstRun)) return plan
    const unknown = plan.fetch.filter(({ key }) => records.stateOf(key) === undefined)
    const reasons = await lookInto(unknown, session, policy, { isFirstRun, signal })
    const skip = [...reasons].map(([key, reason]) => skipped(newRecord(source.name, key), reason))
    return {
      ...plan,
      fetch: plan.fetch.filter(({ key }) => !reasons.has(key)),
      skip: [...plan.skip, ...skip],
    }
  }

  #tell(listed: readonly Keyed[], plan: Plan, oddities: readonly string[]): void {
    const { source, onEvent } = this.#parts
    this.#left = plan.left
    if (this.#hasListed) return
    this.#hasListed = true
    this.#listed = listed.length
    onEvent({
      kind: 'listed',
      source: source.name,
      messages: listed.length,
      octets: octetsOf(listed),
      toFetch: plan.fetch.length,
      toFetchOctets: octetsOf(plan.fetch),
      toDelete: plan.remove.length,
      left: plan.left,
      oddities,
    })
  }

  /** What is not wanted is noted once; of what is too large the destinations are told, if they are to be. */
  async #leaveAlone(plan: Plan, session: SourceSession, records: Records): Promise<void> {
    const { policy, onEvent } = this.#parts
    if (policy.tellsOfLarge && plan.large.length > 0) await this.#tellOfLarge(plan, session, records)
    await records.saveAll(plan.skip.filter(({ key }) => records.stateOf(key) !== 'skipped'))
    for (const { source, key, reason = '' } of plan.skip) {
      this.#counts.skipped += 1
      onEvent({ kind: 'skipped', source, key, reason })
    }
  }

  /** Of each as soon as its header is there: headers of all of them may be more than memory holds. */
  async #tellOfLarge({ large, skip }: Plan, session: SourceSession, records: Records): Promise<void> {
    const { signal } = this.#parts
    const skipped = new Map(skip.map(record => [record.key, record]))
    const untold = new Map(large.map(({ message, key }) => [message, skipped.get(key)]))
    for await (const { message, header } of headersOf([...untold.keys()], session, signal)) {
      await this.#tellOf(message, untold.get(message), header, records)
      untold.delete(message)
    }
    for (const [message, record] of untold) await this.#tellOf(message, record, new Uint8Array(), records)
  }

  async #tellOf(
    { octets }: SourceMessage,
    record: CollectedRecord | undefined,
    header: Uint8Array,
    records: Records,
  ): Promise<void> {
    if (!record) return
    const { destinations, policy, hostname, signal, now } = this.#parts
    const { source, key } = record
    const maxOctets = policy.maxOctets ?? 0
    const notice = noticeOf({ source, key, octets, header, maxOctets, hostname, now: now() })
    await deliver(notice, record, {
      destinations,
      records,
      signal,
      marked: (current, name) => ({ ...current, destinations: [...current.destinations, name] }),
    })
  }

  /** What was stored is deleted where it is to be, also when a destination has failed meanwhile. */
  async #fetchAndRemove(
    wanted: readonly Keyed[],
    due: readonly Keyed[],
    session: SourceSession,
    { records, listed, past, isFirstRun }: Circumstances,
  ): Promise<void> {
    const { source, signal, onEvent } = this.#parts
    const checkLease = () => {
      if (!this.#holdsLease()) throw new SourceError('busy', 'another collector has taken over')
    }
    const fetching = new Fetching({
      parts: this.#parts,
      records,
      counts: this.#counts,
      doubtful: past.doubtful,
      missing: wanted.length > 0 ? missingFrom(records, listed) : new Map(),
      isFirstRun,
      checkLease,
    })
    let failure: { readonly error: unknown } | undefined
    try {
      await fetching.fetch(wanted, session)
    } catch (error) {
      if (!(error instanceof DestinationError)) throw error
      failure = { error }
    }
    checkLease()
    // Without QUIT nothing is lost at a server that deletes what was retrieved.
    const isUnkept = () => wanted.some(({ key }) => !this.#isToGo(records, key))
    if (session.habits?.takesWhatWasRetrieved && isUnkept()) {
      if (failure) throw failure.error
      return
    }
    const storedNow = wanted.filter(({ key }) => this.#isToGo(records, key))
    const { messages, state } = await removeAndCommit([...due, ...storedNow], session, records, signal)
    if (messages > 0) onEvent({ kind: 'deleted', source: source.name, messages, state })
    if (state === 'committed') this.#deleted += messages
    if (failure) throw failure.error
  }

  /** Stored, and not to stay at the source. */
  #isToGo(records: Records, key: string): boolean {
    const { policy, now } = this.#parts
    if (policy.keep === 'all') return false
    const { state, storedAt } = records.get(key) ?? {}
    return state === 'stored' && storedAt !== undefined && mayDelete(policy.keep, storedAt, now())
  }
}

interface Circumstances {
  readonly records: Records
  /** Keys. */
  readonly listed: ReadonlySet<string>
  readonly past: Reconciled
  readonly isFirstRun: boolean
}

/** Every session lists all that is left: in slices of a fixed size, very many messages would be listed by the million. */
function sliceOf(listed: number, { commitEvery }: CollectPolicy): number {
  return Math.max(commitEvery, Math.floor(listed / maxSlices))
}

function missingFrom(records: Records, listed: ReadonlySet<string>): ReadonlyMap<string, CollectedRecord> {
  const missing = new Map<string, CollectedRecord>()
  records.look((key, state) => {
    const record = state !== 'stored' || listed.has(key) ? undefined : records.get(key)
    if (record?.digest !== undefined) missing.set(record.digest, record)
  })
  return missing
}

function octetsOf(listed: readonly Keyed[]): number {
  return listed.reduce((sum, { message }) => sum + (message.octets ?? 0), 0)
}

function otherMailbox({ name, identity }: Source, before: string): SourceError {
  return new SourceError(
    'configuration',
    `${name} was ${before} and is ${identity} now: give it another name, or let \`poplar collect forget ${name}\` forget what was collected`,
  )
}
