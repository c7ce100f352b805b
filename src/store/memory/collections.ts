// The collection ledger of the memory store.
import type { CollectedState, CollectionLease, CollectionLedger } from '../../mail/collection-ledger.ts'
import { checkCollected, checkCollectedName, collectedStates, sourceLost } from '../collected.ts'
import type { MemoryCollected, MemoryState } from './state.ts'

export function memoryCollections(state: MemoryState): CollectionLedger {
  const { sources, collected } = state
  const recordsOf = (source: string): MemoryCollected[] => [...(collected.get(source)?.values() ?? [])]

  return {
    async leaseSource(source) {
      checkCollectedName('source', source)
      return leaseSource(state, source)
    },

    async findSource(source) {
      return sources.get(source)
    },

    async listSources() {
      return [...sources.values()].sort((one, other) => byText(one.source, other.source))
    },

    async saveSource(source, lease) {
      checkCollectedName('source', source.source)
      holdLease(lease)
      sources.set(source.source, { ...source })
    },

    async forgetSource(source) {
      const count = collected.get(source)?.size ?? 0
      collected.delete(source)
      sources.delete(source)
      return count
    },

    async *readRecords(source) {
      yield recordsOf(source).map(({ record }) => record)
    },

    async loadRecords(source) {
      return new Map(recordsOf(source).map(({ record }) => [record.key, record]))
    },

    async listRecords(source, wanted) {
      return recordsOf(source)
        .filter(({ record }) => record.state === wanted)
        .sort((one, other) => one.recordedAt - other.recordedAt || byText(one.record.key, other.record.key))
        .map(({ record }) => record)
    },

    async countRecords(source) {
      const records = recordsOf(source)
      const count = (wanted: CollectedState) => records.filter(({ record }) => record.state === wanted).length
      return Object.fromEntries(collectedStates.map(each => [each, count(each)])) as Record<
        CollectedState,
        number
      >
    },

    async saveRecords(records, lease) {
      for (const record of records) checkCollected(record)
      holdLease(lease)
      for (const record of records) state.saveCollected(record)
    },

    async forgetRecords(keys, lease) {
      holdLease(lease)
      for (const { source, key } of keys) collected.get(source)?.delete(key)
    },

    async salvageRecords(source) {
      return {
        records: new Map(recordsOf(source).map(({ record }) => [record.key, record])),
        unreadable: [],
      }
    },

    async replaceSource(source, records, lease) {
      checkCollectedName('source', source.source)
      for (const record of records) checkCollected(record)
      holdLease(lease)
      collected.delete(source.source)
      for (const record of records) state.saveCollected(record)
      sources.set(source.source, { ...source })
    },
  }
}

function leaseSource(
  { sourceLeases, now, leaseMs }: MemoryState,
  source: string,
): CollectionLease | undefined {
  const other = sourceLeases.get(source)
  if (other && other.expiresAt > now()) return undefined
  const lease = { expiresAt: now() + leaseMs }
  sourceLeases.set(source, lease)
  const isOurs = () => sourceLeases.get(source) === lease
  const given: CollectionLease = {
    get holds() {
      return isOurs() && lease.expiresAt > now()
    },
    async release() {
      if (isOurs()) sourceLeases.delete(source)
    },
  }
  standing.set(given, isOurs)
  return given
}

/** Of each lease that was given, whether nobody has the source since. */
const standing = new WeakMap<CollectionLease, () => boolean>()

function holdLease(lease: CollectionLease | undefined): void {
  if (lease && !standing.get(lease)?.()) throw sourceLost()
}

/** As the databases compare: by code points. */
function byText(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}
