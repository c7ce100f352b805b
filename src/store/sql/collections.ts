// The collection ledger in SQL. Whatever is many is read and written in steps, between which the event loop and the other
// writers get their turn.
import { setImmediate } from 'node:timers/promises'
import type {
  CollectedKey,
  CollectedRecord,
  CollectedSource,
  CollectedState,
  CollectionLedger,
} from '../../mail/collection-ledger.ts'
import { checkCollectedKey, checkCollectedName, collectedStates } from '../collected.ts'
import { type CollectedRow, toRecord, toRow } from './collected-row.ts'
import {
  allSources,
  collectedChunk,
  collectedOfState,
  countCollected,
  deleteCollected,
  deleteSomeCollected,
  deleteSource,
  sourceByName,
  upsertCollected,
  upsertSource,
} from './collected-statements.ts'
import { parseColumn } from './column-list.ts'
import type { Connection, Database } from './database.ts'
import { type Operation, rows } from './operation.ts'
import type { Schema } from './schema.ts'
import type { SourceLeases } from './source-leases.ts'

/** Records written in one transaction. */
const stepRecords = 500
/** Records read at a time: a few milliseconds of work. */
const chunkRecords = 1000

export function sqlCollections({ reader, writer, now }: Database, leases: SourceLeases): CollectionLedger {
  return {
    async leaseSource(source) {
      checkCollectedName('source', source)
      return leases.take(source)
    },

    async findSource(source) {
      const found = await reader.row(sourceByName, { source })
      return found && toSource(found)
    },

    async listSources() {
      return (await reader.rows(allSources, {})).map(toSource)
    },

    async saveSource(source) {
      checkCollectedName('source', source.source)
      await writer.run(saveCollectedSource, toSourceRow(source))
    },

    async forgetSource(source) {
      for (let forgotten = 0; ; ) {
        const step = await writer.run(forgetCollectedSource, { source })
        forgotten += step
        if (step < stepRecords) return forgotten
      }
    },

    loadRecords: source => loadRecords(reader, source),
    listRecords: (source, state) => listRecords(reader, source, state),

    async countRecords(source) {
      const found = await reader.rows(countCollected, { source })
      const counts = new Map(found.map(({ state, records }) => [state, records]))
      return Object.fromEntries(collectedStates.map(state => [state, counts.get(state) ?? 0])) as Record<
        CollectedState,
        number
      >
    },

    async saveRecords(records) {
      for (const record of records) checkCollectedKey(record)
      for (const step of steps(records))
        await writer.run(
          saveCollected,
          step.map(record => toRow(record, now())),
        )
    },

    async forgetRecords(keys) {
      for (const step of steps(keys))
        await writer.run(
          forgetCollected,
          step.map(({ source, key }) => ({ source, key })),
        )
    },
  }
}

function* steps<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += stepRecords) yield all.slice(at, at + stepRecords)
}

async function loadRecords(reader: Connection, source: string): Promise<Map<string, CollectedRecord>> {
  const records = new Map<string, CollectedRecord>()
  for (let key = ''; ; await setImmediate()) {
    const chunk = await reader.row(collectedChunk, { source, key, limit: chunkRecords })
    if (!chunk) throw new Error('an aggregate has one row')
    const keys = parseColumn(chunk.key)
    const states = parseColumn(chunk.state)
    const destinations = parseColumn(chunk.destinations)
    const digests = parseColumn(chunk.digest)
    const octets = parseColumn(chunk.octets)
    const storedAts = parseColumn(chunk.stored_at)
    const failures = parseColumn(chunk.failures)
    const reasons = parseColumn(chunk.reason)
    const retryAts = parseColumn(chunk.retry_at)
    const absentSinces = parseColumn(chunk.absent_since)
    const absentSessions = parseColumn(chunk.absent_sessions)
    for (const [index, each] of keys.entries()) {
      key = each
      const record = toRecord({
        source,
        key,
        state: states[index] ?? '',
        destinations: destinations[index] ?? null,
        digest: digests[index] ?? null,
        octets: octets[index] ?? null,
        stored_at: storedAts[index] ?? null,
        failures: failures[index] ?? 0,
        reason: reasons[index] ?? null,
        retry_at: retryAts[index] ?? null,
        absent_since: absentSinces[index] ?? null,
        absent_sessions: absentSessions[index] ?? 0,
      })
      records.set(key, record)
    }
    if (keys.length < chunkRecords) return records
  }
}

async function listRecords(
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

/** Writes or replaces the records of one step. */
export function* saveCollected(records: readonly CollectedRow[]): Operation<void> {
  for (const record of records) yield* rows(upsertCollected, record)
}

export function* forgetCollected(keys: readonly CollectedKey[]): Operation<void> {
  for (const { source, key } of keys) yield* rows(deleteCollected, { source, key })
}

export function* saveCollectedSource(source: Schema['collected_source']): Operation<void> {
  yield* rows(upsertSource, source)
}

/** Forgets one step of the records, behind the last of them the source. */
export function* forgetCollectedSource({ source }: { source: string }): Operation<number> {
  const { length } = yield* rows(deleteSomeCollected, { source, limit: stepRecords })
  if (length < stepRecords) yield* rows(deleteSource, { source })
  return length
}

function toSource(found: Schema['collected_source']): CollectedSource {
  return {
    source: found.source,
    identity: found.identity,
    lastRunAt: toDate(found.last_run_at),
    lastSuccessAt: toDate(found.last_success_at),
    failures: found.failures,
    loginFailures: found.login_failures,
    error: found.error ?? undefined,
    notBefore: toDate(found.not_before),
    paused: found.paused ?? undefined,
  }
}

function toSourceRow(source: CollectedSource): Schema['collected_source'] {
  return {
    source: source.source,
    identity: source.identity,
    last_run_at: source.lastRunAt?.getTime() ?? null,
    last_success_at: source.lastSuccessAt?.getTime() ?? null,
    failures: source.failures,
    login_failures: source.loginFailures,
    error: source.error ?? null,
    not_before: source.notBefore?.getTime() ?? null,
    paused: source.paused ?? null,
  }
}

function toDate(time: number | null): Date | undefined {
  return time === null ? undefined : new Date(time)
}
