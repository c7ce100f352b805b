// The life of a collected message in the ledger: every change of state is one of these functions.
import type { CollectedRecord } from '../../mail/collection-ledger.ts'
import { backOffMs } from './back-off.ts'
import { maxFailures } from './policy.ts'

export function newRecord(source: string, key: string): CollectedRecord {
  return {
    source,
    key,
    state: 'waiting',
    destinations: [],
    digest: undefined,
    octets: undefined,
    storedAt: undefined,
    failures: 0,
    reason: undefined,
    retryAt: undefined,
    absentSince: undefined,
    absentSessions: 0,
  }
}

/** What is known of the content, once it was fetched whole. */
export interface ContentFacts {
  readonly digest: string
  readonly octets: number
}

/** One more destination has it; `stored` with the last of them. */
export function storedIn(
  record: CollectedRecord,
  destination: string,
  { digest, octets, isLast, now }: ContentFacts & { readonly isLast: boolean; readonly now: Date },
): CollectedRecord {
  const destinations = [...record.destinations, destination]
  if (!isLast) return { ...record, destinations, digest, octets }
  const done = { state: 'stored', storedAt: now, failures: 0, reason: undefined, retryAt: undefined } as const
  return { ...record, destinations, digest, octets, ...done }
}

/** Fetching or storing has failed once more: later again, or parked. */
export function failed(record: CollectedRecord, reason: string, now: Date): CollectedRecord {
  const failures = record.failures + 1
  if (failures >= maxFailures) return { ...record, state: 'parked', failures, reason, retryAt: undefined }
  return {
    ...record,
    state: 'waiting',
    failures,
    reason,
    retryAt: new Date(now.getTime() + backOffMs(failures)),
  }
}

/** Nobody tries again: a person or a rule has decided. */
export function parked(record: CollectedRecord, reason: string): CollectedRecord {
  return { ...record, state: 'parked', reason, retryAt: undefined }
}

export function skipped(record: CollectedRecord, reason: string): CollectedRecord {
  return { ...record, state: 'skipped', reason, retryAt: undefined }
}

/** A person wants it after all. */
export function wanted(record: CollectedRecord): CollectedRecord {
  return { ...record, state: 'waiting', failures: 0, retryAt: undefined }
}
