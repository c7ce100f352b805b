// What a listing tells of the past: deletions whose answer never came, messages that are gone, and messages that are back.
// Nothing is forgotten because of one listing, however empty: a server in trouble may show nothing at all.
import type { CollectedKey, CollectedRecord } from '../../mail/collection-ledger.ts'
import { absence, daysBetween } from './policy.ts'
import type { Records } from './records.ts'

export interface Reconciled {
  readonly changed: readonly CollectedRecord[]
  readonly forgotten: readonly CollectedKey[]
  /**
   * Keys that the source had deleted and lists again: the deletion did not last, or the server gives a key a second time.
   * Only their octets can tell.
   */
  readonly doubtful: ReadonlySet<string>
}

export interface ReconcileOptions {
  readonly now: Date
  /** See `SourceHabits`: what is not listed is not gone. */
  readonly listsPart: boolean
}

/** Compares all records of a source with the keys that it lists now. */
export function reconcile(
  records: Records,
  listed: ReadonlySet<string>,
  { now, listsPart }: ReconcileOptions,
): Reconciled {
  const changed: CollectedRecord[] = []
  const forgotten: CollectedKey[] = []
  const doubtful = new Set<string>()
  const judge = (record: CollectedRecord, isListed: boolean) => {
    if (isListed) {
      if (record.state === 'committed') doubtful.add(record.key)
      const next = present(record)
      if (next !== record) changed.push(next)
    } else if (listsPart) {
      if (isOpen(record)) changed.push({ ...record, state: 'committed' })
    } else if (isForgettable(record, now)) forgotten.push({ source: record.source, key: record.key })
    else {
      const next = absent(record, now)
      if (next !== record) changed.push(next)
    }
  }
  records.look((key, state, isMissing) => {
    const isListed = listed.has(key)
    // Nothing is to be said of most, and nothing is made of their records.
    if (isListed && !isMissing && state !== 'committed' && !isOpen({ state })) return
    const record = records.get(key)
    if (record) judge(record, isListed)
  })
  return { changed, forgotten, doubtful }
}

/** Its deletion did not come about, if there was one. */
function present(record: CollectedRecord): CollectedRecord {
  if (!isOpen(record) && record.absentSince === undefined) return record
  return {
    ...record,
    ...(isOpen(record) && { state: 'stored' as const }),
    absentSince: undefined,
    absentSessions: 0,
  }
}

/** Counts no further than matters: a record that nobody changes is not written again. */
function absent(record: CollectedRecord, now: Date): CollectedRecord {
  if (!isOpen(record) && record.absentSessions >= absence.sessions) return record
  return {
    ...record,
    ...(isOpen(record) && { state: 'committed' as const }),
    absentSince: record.absentSince ?? now,
    absentSessions: record.absentSessions + 1,
  }
}

/** Its deletion was asked for, and nobody has heard what became of it. */
function isOpen({ state }: Pick<CollectedRecord, 'state'>): boolean {
  return state === 'pending' || state === 'unknown'
}

function isForgettable({ absentSince, absentSessions }: CollectedRecord, now: Date): boolean {
  if (absentSince === undefined || absentSessions < absence.sessions) return false
  return daysBetween(absentSince, now) >= absence.days
}
