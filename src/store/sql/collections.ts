// The collection ledger in SQL. Whatever is many is read and written in steps, between which the event loop and the other
// writers get their turn.
import type {
  CollectedKey,
  CollectedState,
  CollectionLease,
  CollectionLedger,
} from '../../mail/collection-ledger.ts'
import { checkCollected, checkCollectedName, collectedStates } from '../collected.ts'
import { listRecords, loadRecords, readRecords } from './collected-reading.ts'
import { type CollectedRow, toRow } from './collected-row.ts'
import { salvageRecords } from './collected-salvage.ts'
import { toSource, toSourceRow } from './collected-source.ts'
import {
  allSources,
  countCollected,
  deleteCollected,
  deleteCollectedOf,
  deleteSomeCollected,
  deleteSource,
  sourceByName,
  upsertCollected,
  upsertSource,
} from './collected-statements.ts'
import type { Database } from './database.ts'
import { type Operation, rows } from './operation.ts'
import type { Schema } from './schema.ts'
import { holdFence, type SourceFence, type SourceLeases } from './source-leases.ts'

/** Records written in one transaction. */
const stepRecords = 250

export function sqlCollections({ reader, writer, now }: Database, leases: SourceLeases): CollectionLedger {
  const fenceOf = (lease: CollectionLease | undefined) => lease && leases.fenceOf(lease)
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

    async saveSource(source, lease) {
      checkCollectedName('source', source.source)
      await writer.run(saveCollectedSource, { source: toSourceRow(source), fence: fenceOf(lease) })
    },

    async forgetSource(source) {
      for (let forgotten = 0; ; ) {
        const step = await writer.run(forgetCollectedSource, { source })
        forgotten += step
        if (step < stepRecords) return forgotten
      }
    },

    readRecords: source => readRecords(reader, source),
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

    async saveRecords(records, lease) {
      for (const record of records) checkCollected(record)
      const fence = fenceOf(lease)
      for (const step of steps(records))
        await writer.run(saveCollected, { records: step.map(record => toRow(record, now())), fence })
    },

    async forgetRecords(keys, lease) {
      const fence = fenceOf(lease)
      for (const step of steps(keys))
        await writer.run(forgetCollected, { keys: step.map(({ source, key }) => ({ source, key })), fence })
    },

    salvageRecords: source => salvageRecords(reader, source),

    async replaceSource(source, records, lease) {
      checkCollectedName('source', source.source)
      for (const record of records) checkCollected(record)
      const at = now()
      await writer.run(replaceCollected, {
        source: toSourceRow(source),
        records: records.map(record => toRow(record, at)),
        fence: fenceOf(lease),
      })
    },
  }
}

function* steps<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += stepRecords) yield all.slice(at, at + stepRecords)
}

/** A change that may depend on a lease. */
interface Fenced {
  readonly fence: SourceFence | undefined
}

/** Writes or replaces the records of one step. */
export function* saveCollected({
  records,
  fence,
}: Fenced & { readonly records: readonly CollectedRow[] }): Operation<void> {
  yield* holdFence(fence)
  for (const record of records) yield* rows(upsertCollected, record)
}

export function* forgetCollected({
  keys,
  fence,
}: Fenced & { readonly keys: readonly CollectedKey[] }): Operation<void> {
  yield* holdFence(fence)
  for (const { source, key } of keys) yield* rows(deleteCollected, { source, key })
}

export function* saveCollectedSource({
  source,
  fence,
}: Fenced & { readonly source: Schema['collected_source'] }): Operation<void> {
  yield* holdFence(fence)
  yield* rows(upsertSource, source)
}

export interface Replacement extends Fenced {
  readonly source: Schema['collected_source']
  readonly records: readonly CollectedRow[]
}

/** All in one transaction, however many: half of a ledger would double the other half. */
export function* replaceCollected({ source, records, fence }: Replacement): Operation<void> {
  yield* holdFence(fence)
  yield* rows(deleteCollectedOf, { source: source.source })
  for (const record of records) yield* rows(upsertCollected, record)
  yield* rows(upsertSource, source)
}

/** Forgets one step of the records, behind the last of them the source. */
export function* forgetCollectedSource({ source }: { source: string }): Operation<number> {
  const { length } = yield* rows(deleteSomeCollected, { source, limit: stepRecords })
  if (length < stepRecords) yield* rows(deleteSource, { source })
  return length
}
