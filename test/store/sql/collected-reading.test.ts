// A large ledger is read in pieces: the event loop runs between them, and what is written meanwhile does no harm.
import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { openStore } from '../../../src/store/open-store.ts'
import { collected } from '../../suites/collection-ledger.ts'
import { scratchFolder } from '../factories.ts'

const names = Array.from({ length: 4500 }, (_, at) => `k${String(at).padStart(4, '0')}`)

it.each(['loadRecords', 'listRecords'] as const)('%s lets others have their turn', async read => {
  const store = await openStore({ folder: scratchFolder(), writer: 'inline' })
  await store.saveRecords(names.map(key => collected(key)))
  let turns = 0
  let reading = true
  const reads = (async () => {
    const found = await (read === 'loadRecords'
      ? store.loadRecords('gmail')
      : store.listRecords('gmail', 'stored'))
    reading = false
    return [...found.values()].map(({ key }) => key)
  })()
  for (; reading; turns++) await setImmediate()
  expect(await reads).toEqual(names)
  expect(turns).toBeGreaterThanOrEqual(3)
  await store.close()
})

it('a record that is replaced while it is read is there once, one that is forgotten is no gap', async () => {
  const store = await openStore({ folder: scratchFolder(), writer: 'inline' })
  await store.saveRecords(names.map(key => collected(key)))
  const reading = store.loadRecords('gmail')
  await setImmediate()
  // Few enough for one transaction, and behind what was read so far.
  const gone = names.slice(-100, -1)
  await Promise.all([
    store.forgetRecords(gone.map(key => ({ source: 'gmail', key }))),
    store.saveRecords([collected('k4499', { state: 'committed' }), collected('k0000', { failures: 1 })]),
  ])
  const found = await reading
  expect(names.filter(key => !found.has(key))).toEqual(gone)
  expect(found.get('k0000')?.failures).toBe(0)
  expect(found.get('k4499')?.state).toBe('committed')
  await store.close()
})
