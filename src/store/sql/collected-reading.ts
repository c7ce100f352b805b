// Reads records of the collection ledger in pieces, between which the event loop runs. The pieces need no common snapshot: who
// collects from a source holds its lease, and nobody else writes.
import { setImmediate } from 'node:timers/promises'
import type { CollectedRecord, CollectedState } from '../../mail/collection-ledger.ts'
import { toRecord } from './collected-row.ts'
import { collectedChunk, collectedOfState, troubledOfChunk } from './collected-statements.ts'
import { parseColumn } from './column-list.ts'
import type { Connection } from './database.ts'

/** Records read at a time: a few milliseconds of work. */
const chunkRecords = 1000

/** All of a source, in pieces. Refuses with `store-unusable` when one cannot be read; so does `listRecords`. */
export async function* readRecords(
  reader: Connection,
  source: string,
): AsyncGenerator<readonly CollectedRecord[], void> {
  for (let after = ''; ; await setImmediate()) {
    const records: CollectedRecord[] = []
    const chunk = await reader.row(collectedChunk, { source, key: after, limit: chunkRecords })
    if (!chunk) throw new Error('an aggregate has one row')
    const keys = parseColumn(chunk.key)
    const last = keys.at(-1)
    if (last === undefined) return
    const states = parseColumn(chunk.state)
    const destinations = parseColumn(chunk.destinations)
    const digests = parseColumn(chunk.digest)
    const octets = parseColumn(chunk.octets)
    const storedAts = parseColumn(chunk.stored_at)
    const found = await reader.rows(troubledOfChunk, { source, key: after, last })
    const troubled = new Map(found.map(each => [each.key, each]))
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] ?? ''
      const { failures, reason, retry_at, absent_since, absent_sessions } = troubled.get(key) ?? untroubled
      const record = toRecord({
        source,
        key,
        state: states[index] ?? '',
        destinations: destinations[index] ?? null,
        digest: digests[index] ?? null,
        octets: octets[index] ?? null,
        stored_at: storedAts[index] ?? null,
        failures,
        reason,
        retry_at,
        absent_since,
        absent_sessions,
      })
      records.push(record)
    }
    yield records
    if (keys.length < chunkRecords) return
    after = last
  }
}

/** The same by key. */
export async function loadRecords(reader: Connection, source: string): Promise<Map<string, CollectedRecord>> {
  const records = new Map<string, CollectedRecord>()
  for await (const some of readRecords(reader, source))
    for (const record of some) records.set(record.key, record)
  return records
}

/** What the other columns of most records say. */
const untroubled = {
  failures: 0,
  reason: null,
  retry_at: null,
  absent_since: null,
  absent_sessions: 0,
} as const

/** Of one state, the oldest first. */
export async function listRecords(
  reader: Connection,
  source: string,
  state: CollectedState,
): Promise<readonly CollectedRecord[]> {
  const records: CollectedRecord[] = []
  const from = { key: '', recorded_at: Number.MIN_SAFE_INTEGER }
  for (;;) {
    const page = await reader.rows(collectedOfState, { source, state, ...from, limit: chunkRecords })
    for (const found of page) {
      records.push(toRecord(found))
      from.key = found.key
      from.recorded_at = found.recorded_at
    }
    if (page.length < chunkRecords) return records
    await setImmediate()
  }
}
