// Records packed into columns: whatever goes in comes out the same, and as one.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { CollectedRecord } from '../../../src/mail/collection-ledger.ts'
import { PackedRecords } from '../../../src/pop3/collector/packed-records.ts'
import { newRecord, storedIn } from '../../../src/pop3/collector/record.ts'
import { collectedStates } from '../../../src/store/collected.ts'

const time = fc.option(fc.date({ noInvalidDate: true }), { nil: undefined })
const count = fc.oneof(fc.constant(0), fc.nat(3), fc.maxSafeNat())
const record = fc.record<CollectedRecord>({
  source: fc.constant('old'),
  key: fc.constantFrom('a', 'b', '#2', 'ü'),
  state: fc.constantFrom(...collectedStates),
  destinations: fc.array(fc.constantFrom('bob', 'ann', ''), { maxLength: 3 }),
  digest: fc.option(
    fc.uint8Array({ minLength: 32, maxLength: 32 }).map(octets => Buffer.from(octets).toString('hex')),
    { nil: undefined },
  ),
  octets: fc.option(fc.maxSafeNat(), { nil: undefined }),
  storedAt: time,
  failures: fc.oneof(fc.constant(0), fc.nat(5)),
  reason: fc.option(fc.string(), { nil: undefined }),
  retryAt: fc.oneof(fc.constant(undefined), time),
  absentSince: time,
  absentSessions: count,
})

it('gives back what it was given last, whatever it is', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(record, fc.boolean()), { maxLength: 200 }), steps => {
      const packed = new PackedRecords('old')
      const expected = new Map<string, CollectedRecord>()
      for (const [each, isDeleted] of steps) {
        if (isDeleted) packed.delete(each.key)
        else packed.set(each)
        if (isDeleted) expected.delete(each.key)
        else expected.set(each.key, each)
      }
      expect(new Map([...packed.keys()].map(key => [key, packed.get(key)]))).toEqual(expected)
      expect(packed.size).toBe(expected.size)
      const seen: [string, string, boolean][] = []
      packed.look((key, state, isMissing) => seen.push([key, state, isMissing]))
      expect(seen).toEqual(
        [...expected.values()].map(each => [each.key, each.state, each.absentSince !== undefined]),
      )
      for (const [key, { state }] of expected) expect(packed.stateOf(key)).toBe(state)
      expect([packed.get('never'), packed.stateOf('never')]).toEqual([undefined, undefined])
    }),
  )
})

it('keeps apart the records of many blocks', () => {
  const packed = new PackedRecords('old')
  const records = Array.from({ length: 5000 }, (_, at) =>
    storedIn(newRecord('old', `m${at}`), 'bob', {
      digest: at.toString(16).padStart(64, '0'),
      octets: at,
      isLast: true,
      now: new Date(at * 1000),
    }),
  )
  for (const each of records) packed.set(each)
  expect(records.map(({ key }) => packed.get(key))).toEqual(records)
})
