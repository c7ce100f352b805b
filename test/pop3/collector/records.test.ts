// The records of a source in memory and in the ledger: what is written when, in which order, and what a failure leaves.
import { describe, expect, it } from 'vitest'
import type { CollectedRecord, CollectedState } from '../../../src/mail/collection-ledger.ts'
import { newRecord } from '../../../src/pop3/collector/record.ts'
import { Records } from '../../../src/pop3/collector/records.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'

const record = (key: string, state: CollectedState = 'waiting'): CollectedRecord => ({
  ...newRecord('old', key),
  state,
})

/** A ledger that notes what is written, and fails or waits as it is told. */
async function setUp() {
  const store = createMemoryStore()
  const writes: string[][] = []
  const behavior = { fails: false, gate: Promise.resolve() }
  const saveRecords = async (records: readonly CollectedRecord[]) => {
    const { fails, gate } = behavior
    await gate
    if (fails) throw new Error('the disk is gone')
    writes.push(records.map(({ key, state }) => `${key} ${state}`))
    await store.saveRecords(records)
  }
  const records = await Records.load({ ...store, saveRecords }, 'old')
  const stored = async () =>
    [...(await store.loadRecords('old')).values()].map(({ key, state }) => `${key} ${state}`).sort()
  return { records, writes, behavior, stored }
}

function gate() {
  let open = () => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { opened, open: () => open() }
}

describe('records', () => {
  it('that may wait go with the next that must not, in their order and in one transaction', async () => {
    const { records, writes } = await setUp()
    await records.save(record('a', 'stored'), 'soon')
    await records.save(record('b', 'stored'), 'soon')
    expect(writes).toEqual([])
    await records.save(record('c', 'pending'), 'now')
    expect(writes).toEqual([['a stored', 'b stored', 'c pending']])
    await records.flush()
    expect(writes).toHaveLength(1)
  })

  it('do not wait when there are many', async () => {
    const { records, writes } = await setUp()
    for (let n = 0; n < 63; n++) await records.save(record(`m${n}`), 'soon')
    expect(writes).toEqual([])
    await records.save(record('m63'), 'soon')
    expect(writes.map(({ length }) => length)).toEqual([64])
  })

  it('that the ledger has are not written again', async () => {
    const { records, writes } = await setUp()
    await records.save(record('a'), 'soon')
    await records.save(record('a', 'stored'), 'already')
    await records.flush()
    expect(writes).toEqual([])
    expect(records.get('a')?.state).toBe('stored')
  })

  it('are written one state behind the other', async () => {
    const { records, writes, behavior } = await setUp()
    const slow = gate()
    behavior.gate = slow.opened
    const first = records.save(record('a', 'stored'), 'now')
    await Promise.resolve()
    behavior.gate = Promise.resolve()
    const second = records.save(record('a', 'pending'), 'now')
    slow.open()
    await Promise.all([first, second])
    expect(writes.at(-1)).toEqual(['a pending'])
  })

  it('whose write failed are written with the next flush, a newer state instead of the older', async () => {
    const { records, writes, behavior } = await setUp()
    behavior.fails = true
    await expect(records.saveAll([record('a', 'stored'), record('b', 'stored')])).rejects.toThrow(
      'the disk is gone',
    )
    behavior.fails = false
    await records.save(record('b', 'pending'), 'soon')
    await records.flush()
    expect(writes).toEqual([['a stored', 'b pending']])
  })

  it('whose write failed do not come back behind what the ledger has got meanwhile', async () => {
    const { records, writes, behavior } = await setUp()
    const slow = gate()
    Object.assign(behavior, { fails: true, gate: slow.opened })
    const failing = records.save(record('a', 'waiting'), 'now')
    await Promise.resolve()
    await records.save(record('a', 'stored'), 'already')
    Object.assign(behavior, { fails: false, gate: Promise.resolve() })
    slow.open()
    await expect(failing).rejects.toThrow('the disk is gone')
    await records.flush()
    expect(writes).toEqual([])
  })

  it('that are forgotten stay forgotten, also when they were about to be written', async () => {
    const { records, behavior, stored } = await setUp()
    await records.saveAll([record('kept', 'stored'), record('gone', 'stored')])
    const slow = gate()
    behavior.gate = slow.opened
    const writing = records.save(record('gone', 'committed'), 'now')
    await Promise.resolve()
    const forgetting = records.forget([{ source: 'old', key: 'gone' }])
    slow.open()
    await Promise.all([writing, forgetting])
    await records.save(record('late'), 'soon')
    await records.forget([{ source: 'old', key: 'late' }])
    await records.flush()
    expect(await stored()).toEqual(['kept stored'])
    expect([records.size, records.get('kept')?.state]).toEqual([1, 'stored'])
  })
})
