import { describe, expect, it } from 'vitest'
import { hasNames, renewalTime } from '../../../src/net/acme/due.ts'

const day = 86_400_000
const names = ['a.example', 'b.example']

describe('when to renew', () => {
  it.each([
    ['a third of 90 days', 90, undefined, 60],
    ['a third of 6 days', 6, undefined, 4],
    ['as many days as given', 90, 10, 80],
    ['never in the first third, as that would not end', 90, 90, 30],
    ['at the end, if that is wanted', 90, 0, 90],
  ])('%s', (_reason, lifeDays, renewBeforeDays, expectedDay) => {
    const facts = { names, notBefore: 1000 * day, notAfter: (1000 + lifeDays) * day }
    expect(renewalTime(facts, renewBeforeDays)).toBe((1000 + expectedDay) * day)
  })

  it.each([
    ['the same', ['a.example', 'b.example'], true],
    ['in another order', ['b.example', 'a.example'], true],
    ['one more', ['a.example', 'b.example', 'c.example'], false],
    ['one less', ['a.example'], false],
    ['another', ['a.example', 'c.example'], false],
  ])('names: %s', (_reason, wanted, expected) => {
    expect(hasNames({ names, notBefore: 0, notAfter: 0 }, wanted)).toBe(expected)
  })
})
