// Fetches messages and stores them. One that cannot be had, or that no destination wants, is set aside with its reason, and
// the others go on; what concerns more than one message ends the fetching.
import type { CollectedRecord } from '../../mail/collection-ledger.ts'
import { isRefusal } from '../../mail/errors.ts'
import { deliver } from './deliver.ts'
import { DestinationError } from './destination.ts'
import { unwantedFor } from './header-look.ts'
import type { Letter } from './letter.ts'
import { type Keyed, largeReason } from './plan.ts'
import { maxReceivedFields } from './policy.ts'
import { failed, newRecord, parked, skipped, storedIn } from './record.ts'
import type { Records } from './records.ts'
import type { RunParts } from './run-parts.ts'
import { type FetchedMessage, SourceError, type SourceMessage, type SourceSession } from './source.ts'
import { type SpooledLetter, spool, TooLarge } from './spool.ts'
import { StoreQueue } from './store-queue.ts'

/** Counts of messages, and of octets. */
export class FetchCounts {
  fetched = 0
  fetchedOctets = 0
  skipped = 0
  failed = 0
  parked = 0
}

export interface FetchOptions {
  readonly parts: RunParts
  readonly records: Records
  readonly counts: FetchCounts
  /** See `Reconciled`. */
  readonly doubtful: ReadonlySet<string>
  /** By their digest, what is stored and has gone from the listing: one of them may be back under another name. */
  readonly missing: ReadonlyMap<string, CollectedRecord>
  readonly isFirstRun: boolean
  /** Throws when the right to collect from the source was lost. */
  readonly checkLease: () => void
}

/** Messages that were shorter than listed, none having been as long as listed: from then on sizes mean nothing. */
const shortToBeIgnored = 3

export class Fetching {
  readonly #options: FetchOptions
  readonly #atOnce: number
  /** Messages of the size that was listed, and those that were shorter. */
  #exact = 0
  #short = 0

  constructor(options: FetchOptions) {
    this.#options = options
    this.#atOnce = Math.min(...options.parts.destinations.map(({ atOnce = 1 }) => atOnce))
  }

  /** Fetches these, in this order. Throws `SourceError` and `DestinationError` that concern more than one of them. */
  async fetch(wanted: readonly Keyed[], session: SourceSession): Promise<void> {
    const { signal } = this.#options.parts
    const keys = new Map(wanted.map(({ message, key }) => [message, key]))
    const queue = new StoreQueue(this.#atOnce)
    try {
      for await (const fetched of session.retrieve([...keys.keys()], signal)) {
        const key = keys.get(fetched.message)
        if (key === undefined) continue
        this.#options.checkLease()
        const letter = await this.#read(fetched, key)
        if (letter && !(await this.#isCut(letter, fetched.message, key)))
          await queue.add(() => this.#storeAndRemove(letter, key))
      }
    } finally {
      await queue.settle()
      await this.#options.records.flush()
    }
  }

  /** The letter; undefined when the message was set aside. */
  async #read({ message, body, error }: FetchedMessage, key: string) {
    const { parts } = this.#options
    const { source, policy, spoolFolder, now, onEvent } = parts
    try {
      if (error) throw error
      return await spool(body, {
        source: source.name,
        key,
        message,
        folder: spoolFolder,
        maxOctets: policy.maxOctets,
        now: now(),
        onOctets: octets => onEvent({ kind: 'received', source: source.name, octets }),
      })
    } catch (failure) {
      await this.#setAside(key, failure)
      return undefined
    }
  }

  /**
   * Shorter than listed: an end that came too soon, or a server that does not know sizes. What is the same when it is fetched
   * anew is whole.
   */
  async #isCut(letter: SpooledLetter, { octets }: SourceMessage, key: string): Promise<boolean> {
    const { records, parts } = this.#options
    if (octets === undefined || letter.octets >= octets) {
      this.#exact += 1
      return false
    }
    this.#short += 1
    const record = records.get(key) ?? newRecord(parts.source.name, key)
    if (record.digest === letter.digest) return false
    if (this.#exact === 0 && this.#short > shortToBeIgnored) return false
    const reason = `${letter.octets} octets came, of ${octets} that were listed`
    await letter[Symbol.asyncDispose]()
    await this.#note({ ...failed(record, reason, parts.now()), digest: letter.digest })
    return true
  }

  async #storeAndRemove(letter: SpooledLetter, key: string): Promise<void> {
    try {
      await this.#store(letter, key)
    } catch (failure) {
      await this.#setAside(key, failure)
    } finally {
      await letter[Symbol.asyncDispose]()
    }
  }

  async #store(letter: Letter, key: string): Promise<void> {
    const { parts, records, counts, doubtful, isFirstRun } = this.#options
    const { source, destinations, policy, signal, now, onEvent } = parts
    const known = records.get(key)
    const isBack = known !== undefined && doubtful.has(key)
    if (isBack && known.digest === letter.digest) {
      // Its deletion did not last: stored it is all the same.
      await records.save({ ...known, state: 'stored' }, 'soon')
      return
    }
    if (!known && (await this.#isRenamed(letter, key))) return
    const record = known && !isBack ? known : newRecord(source.name, key)
    // The ledger must not say of the message that came before that it is stored: this one would be taken for it.
    if (isBack) await records.save(record, 'now')
    const unwanted = unwantedFor(letter.header, policy, isFirstRun)
    if (unwanted !== undefined) return this.#skip(record, unwanted)
    if (receivedFieldsIn(letter.header) > maxReceivedFields)
      return this.#note(parked(record, 'it went round in circles: more than 100 Received fields'))
    const { digest, octets } = letter
    const { wasKnown } = await deliver(letter, record, {
      destinations,
      records,
      signal,
      marked: (current, destination, isLast) =>
        storedIn(current, destination, { digest, octets, isLast, now: now() }),
    })
    counts.fetched += 1
    counts.fetchedOctets += octets
    onEvent({ kind: 'stored', source: source.name, key, octets, wasKnown })
  }

  /** Under another name the source had it before: it is stored already. */
  async #isRenamed({ digest, octets }: Letter, key: string): Promise<boolean> {
    const { records, missing, parts } = this.#options
    const before = missing.get(digest)
    if (!before || !records.get(before.key)) return false
    await records.save({ ...before, key, absentSince: undefined, absentSessions: 0 }, 'now')
    await records.forget([before])
    parts.onEvent({ kind: 'stored', source: parts.source.name, key, octets, wasKnown: true })
    return true
  }

  /** Notes why there is no such message in the destinations. Throws again what concerns others as well. */
  async #setAside(key: string, failure: unknown): Promise<void> {
    const { records, parts } = this.#options
    const record = records.get(key) ?? newRecord(parts.source.name, key)
    if (failure instanceof TooLarge) return this.#skip(record, largeReason(undefined, parts.policy))
    if (parts.signal.aborted || isBusy(failure) || concernsDestination(failure)) throw failure
    await this.#note(failed(record, reasonOf(failure), parts.now()))
    // The connection has ended over this message: it is one failure of its own, so that it does not stop the others for ever.
    if (failure instanceof SourceError && failure.fault !== 'message') throw failure
  }

  async #skip(record: CollectedRecord, reason: string): Promise<void> {
    const { records, counts, parts } = this.#options
    counts.skipped += 1
    await records.save(skipped(record, reason), 'soon')
    parts.onEvent({ kind: 'skipped', source: record.source, key: record.key, reason })
  }

  async #note(record: CollectedRecord): Promise<void> {
    const { records, counts, parts } = this.#options
    const { source, key, reason = '', retryAt } = record
    counts.failed += 1
    if (record.state === 'parked') counts.parked += 1
    await records.save(record, 'now')
    parts.onEvent({ kind: 'failed', source, key, reason, retryAt })
  }
}

/** Somebody else has the source. */
function isBusy(failure: unknown): boolean {
  return (failure instanceof SourceError && failure.fault === 'busy') || isRefusal(failure, 'lease-lost')
}

/** Not this message alone: the next would meet the same. */
function concernsDestination(failure: unknown): boolean {
  if (failure instanceof DestinationError) return failure.fault !== 'message'
  const isNoRoom = (failure as NodeJS.ErrnoException | undefined)?.code === 'ENOSPC'
  return isNoRoom || (isRefusal(failure) && failure.code.startsWith('store-'))
}

function reasonOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure)
}

function receivedFieldsIn(header: Uint8Array): number {
  return (
    Buffer.from(header)
      .toString('latin1')
      .match(/^received:/gim)?.length ?? 0
  )
}
