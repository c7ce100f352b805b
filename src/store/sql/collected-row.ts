// A record of the collection ledger as a row, and back. What does not come back as a record was damaged: then nothing of its
// source is collected, for a record taken for another would lose a message or double it.
import type { CollectedKey, CollectedRecord, CollectedState } from '../../mail/collection-ledger.ts'
import { Refusal } from '../../mail/errors.ts'
import { collectedStates, isDigest } from '../collected.ts'
import { formatList } from './list-column.ts'
import type { Schema } from './schema.ts'

export type CollectedRow = Schema['collected_message']

export function toRow(record: CollectedRecord, now: number): CollectedRow {
  return {
    source: record.source,
    key: record.key,
    state: record.state,
    destinations: formatList(record.destinations),
    digest: record.digest ?? null,
    octets: record.octets ?? null,
    stored_at: record.storedAt?.getTime() ?? null,
    failures: record.failures,
    reason: record.reason ?? null,
    retry_at: record.retryAt?.getTime() ?? null,
    absent_since: record.absentSince?.getTime() ?? null,
    absent_sessions: record.absentSessions,
    recorded_at: now,
  }
}

/** Refuses with `store-unusable` what is no record. */
export function toRecord(found: Omit<CollectedRow, 'recorded_at'>): CollectedRecord {
  const fault = rowFault(found)
  if (fault !== undefined) throw unreadable(found, fault)
  return {
    source: found.source,
    key: found.key,
    state: found.state as CollectedState,
    destinations: destinationsOf(found.destinations, found),
    digest: found.digest ?? undefined,
    octets: found.octets ?? undefined,
    storedAt: toDate(found.stored_at),
    failures: found.failures,
    reason: found.reason ?? undefined,
    retryAt: toDate(found.retry_at),
    absentSince: toDate(found.absent_since),
    absentSessions: found.absent_sessions,
  }
}

/** Of SHA-256 in hexadecimal. */
const digestLength = 64

const states: ReadonlySet<string> = new Set(collectedStates)

/** What is wrong with a row, in a few words; undefined when nothing is. */
export function rowFault(found: Omit<CollectedRow, 'recorded_at'>): string | undefined {
  if (!states.has(found.state)) return 'its state is none that this version knows'
  if (readDestinations(found.destinations) === undefined) return noList
  if (found.digest !== null && found.digest.length !== digestLength) return 'its digest is none'
  if (!isCount(found.failures) || !isCount(found.absent_sessions)) return 'one of its counts is none'
  if (found.octets !== null && !isCount(found.octets)) return 'its octets are no number'
  if (!isTime(found.stored_at) || !isTime(found.retry_at) || !isTime(found.absent_since))
    return 'one of its times is none'
  return undefined
}

/** Readers that are in a hurry look at its length only. */
export function digestFault(digest: string | null): string | undefined {
  return digest === null || isDigest(digest) ? undefined : 'its digest is none'
}

/** The names; refuses with `store-unusable` what is no list of texts. `of` is the record that they stand in. */
export function destinationsOf(column: string | null, of: CollectedKey): readonly string[] {
  const list = readDestinations(column)
  if (list) return list
  throw unreadable(of, noList)
}

const noList = 'its destinations are no list'

const noDestinations: readonly string[] = Object.freeze([])
/** The last list that was read: nearly always it is the next one, too. */
let lastRead: { readonly column: string; readonly list: readonly string[] } | undefined

function readDestinations(column: string | null): readonly string[] | undefined {
  if (column === null) return noDestinations
  if (lastRead?.column === column) return lastRead.list
  const list = parse(column)
  if (!Array.isArray(list) || !list.every(each => typeof each === 'string')) return undefined
  lastRead = { column, list: Object.freeze(list) }
  return list
}

function parse(text: unknown): unknown {
  try {
    return JSON.parse(String(text))
  } catch {
    return undefined
  }
}

export function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

/** What a Date can say, or nothing. */
export function isTime(value: unknown): boolean {
  return value === null || (Number.isInteger(value) && Math.abs(Number(value)) <= 8.64e15)
}

export function toDate(time: number | null): Date | undefined {
  return time === null ? undefined : new Date(time)
}

function unreadable({ source, key }: CollectedKey, fault: string): Refusal {
  return new Refusal(
    'store-unusable',
    `the ledger of ${source} is damaged, or of a newer version: ${nameRecord(key)} cannot be read (${fault}). ` +
      `Nothing is collected from it. \`poplar collect rebuild ${source}\` makes it anew from what its destinations have; ` +
      '`poplar doctor` shows what else is damaged',
  )
}

export function nameRecord(key: string): string {
  return `the record of ${JSON.stringify(key.length > 80 ? `${key.slice(0, 80)}…` : key)}`
}
