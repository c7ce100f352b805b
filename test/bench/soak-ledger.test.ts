// The soak is worth what its ledger notices.
import { describe, expect, it } from 'vitest'
import { type Entry, Ledger } from '../../bench/soak/ledger.ts'

/** A ledger with some messages of one account, all of one fate. */
function ledgerWith(fate: Entry['fate'], count = 2) {
  const ledger = new Ledger()
  const entries = Array.from({ length: count }, () => ledger.offerToAll(['ann'])).flat()
  for (const entry of entries) entry.fate = fate
  return { ledger, entries }
}

describe('the ledger of the soak', () => {
  it.each<[fate: Entry['fate'], isFine: boolean, why: string]>([
    ['kept', true, 'as it must be'],
    ['offered', true, 'the answer to the sender was lost'],
    ['leaving', true, 'the answer to QUIT was lost, and nothing was deleted'],
    ['refused', false, 'the sender was told that it is not there'],
    ['deleted', false, 'the reader was told that it is gone'],
  ])('a message that was %s is seen: %s (%s)', (fate, isFine) => {
    const { ledger, entries } = ledgerWith(fate, 1)
    for (const entry of entries) ledger.seen(entry, 'uidl')
    expect(ledger.violations).toHaveLength(isFine ? 0 : 1)
  })

  it('a message that was kept is missed, unless the session before has deleted it', () => {
    const { ledger, entries } = ledgerWith('kept')
    const expected = ledger.kept('ann')
    const [first] = entries
    if (first) first.fate = 'deleted'
    ledger.settle('ann', expected, new Set())
    expect(ledger.violations).toHaveLength(1)
  })

  it('a message under two UIDLs is there twice', () => {
    const { ledger, entries } = ledgerWith('kept', 1)
    for (const uidl of ['a', 'b']) for (const entry of entries) ledger.seen(entry, uidl)
    expect(ledger.violations).toHaveLength(1)
  })

  it.each([
    [0, 0, 'all left'],
    [1, 1, 'half of them left'],
    [2, 0, 'none left'],
  ])('of two that one QUIT deletes %i stay: %i violations (%s)', (staying, violations) => {
    const { ledger, entries } = ledgerWith('leaving')
    for (const entry of entries) entry.leavingWith = entries
    const seen = entries.slice(0, staying)
    for (const [index, entry] of seen.entries()) ledger.seen(entry, `uidl-${index}`)
    ledger.settle('ann', [], new Set(seen))
    expect(ledger.violations).toHaveLength(violations)
    expect(entries.map(({ fate }) => fate)).toEqual(
      entries.map(each => (seen.includes(each) ? 'kept' : 'deleted')),
    )
  })

  it('a session is not alone once another was let in before it let go', () => {
    const ledger = new Ledger()
    const first = ledger.hold('ann')
    ledger.hold('ben')
    first.letGo()
    const second = ledger.hold('ann')
    first.letGo()
    expect([first.isAlone, second.isAlone]).toEqual([true, true])
    const third = ledger.hold('ann')
    expect([second.isAlone, third.isAlone]).toEqual([false, true])
  })
})
