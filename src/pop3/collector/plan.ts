// What is to be done with a listing: pure, so that a dry run shows exactly what a run would do.
import type { CollectedRecord } from '../../mail/collection-ledger.ts'
import { type CollectPolicy, mayDelete, tooEarly } from './policy.ts'
import { newRecord, skipped } from './record.ts'
import type { Records } from './records.ts'
import type { SourceMessage } from './source.ts'

/** A message with the key that it has in the ledger. */
export interface Keyed {
  readonly message: SourceMessage
  readonly key: string
}

export interface Plan {
  /** In this order: those that have failed before are the last, so that none keeps others waiting. */
  readonly fetch: readonly Keyed[]
  /** Stored, and old enough to be deleted at the source. */
  readonly remove: readonly Keyed[]
  /** Left alone from now on. */
  readonly skip: readonly CollectedRecord[]
  /** Of `skip`, those that are too large. */
  readonly large: readonly Keyed[]
  /** Wanted, beyond what one run may fetch. */
  readonly left: number
}

export interface PlanOptions {
  readonly source: string
  readonly policy: CollectPolicy
  readonly records: Records
  /** See `Reconciled`. */
  readonly doubtful: ReadonlySet<string>
  readonly isFirstRun: boolean
  readonly now: Date
}

/** Why a first run leaves a message alone that `newest` leaves out. */
export const notAmongNewest = 'older than the newest that were asked for'

export function planOf(listed: readonly Keyed[], options: PlanOptions): Plan {
  const { source, policy, records, doubtful, isFirstRun, now } = options
  const fresh: Keyed[] = []
  const again: Keyed[] = []
  const remove: Keyed[] = []
  const skip: CollectedRecord[] = []
  const large: Keyed[] = []
  const firstWanted = isFirstRun && policy.newest !== undefined ? listed.length - policy.newest : 0
  for (const [index, keyed] of listed.entries()) {
    const state = records.stateOf(keyed.key)
    if (state !== undefined && !doubtful.has(keyed.key)) {
      // Most are stored and stay: for them no record is made.
      const record = state === 'waiting' || policy.keep !== 'all' ? records.get(keyed.key) : undefined
      if (record && isToBeTried(record, now)) again.push(keyed)
      else if (record && isDue(record, policy, now)) remove.push(keyed)
      continue
    }
    const reason = index < firstWanted ? notAmongNewest : reasonToSkip(keyed, options)
    if (reason === undefined) {
      fresh.push(keyed)
      continue
    }
    const record = records.get(keyed.key) ?? newRecord(source, keyed.key)
    skip.push({ ...skipped(record, reason), octets: keyed.message.octets })
    if (isLarge(keyed, policy)) large.push(keyed)
  }
  const wanted = [...fresh, ...again]
  const fetch = policy.batch === undefined ? wanted : wanted.slice(0, policy.batch)
  return { fetch, remove, skip, large, left: wanted.length - fetch.length }
}

function isToBeTried({ state, retryAt }: CollectedRecord, now: Date): boolean {
  return state === 'waiting' && (retryAt === undefined || retryAt <= now)
}

function isDue({ state, storedAt }: CollectedRecord, { keep }: CollectPolicy, now: Date): boolean {
  return state === 'stored' && storedAt !== undefined && mayDelete(keep, storedAt, now)
}

function isLarge({ message: { octets } }: Keyed, { maxOctets }: CollectPolicy): boolean {
  return maxOctets !== undefined && octets !== undefined && octets > maxOctets
}

function reasonToSkip(keyed: Keyed, { policy, isFirstRun }: PlanOptions): string | undefined {
  const { octets, receivedAt } = keyed.message
  if (isLarge(keyed, policy)) return largeReason(octets, policy)
  return isFirstRun ? tooEarly(receivedAt, policy) : undefined
}

/** Said of a message that is over the limit, found so by the listing or while it was fetched. */
export function largeReason(octets: number | undefined, { maxOctets }: CollectPolicy): string {
  return `${octets ?? 'more'} octets, and no more than ${maxOctets} are wanted`
}
