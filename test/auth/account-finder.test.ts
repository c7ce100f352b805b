// Which account a name means.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AccountFinder } from '../../src/auth/account-finder.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'

const store = createMemoryStore()
const finder = new AccountFinder(store, ['example.net'])

beforeAll(async () => {
  await store.addAccount({ name: 'ann' })
})
afterAll(() => store.close())

describe('a name', () => {
  it.each<[name: string, claimed: boolean, vouchedFor: boolean, why: string]>([
    ['ANN', true, true, 'folded'],
    ['Ann@Example.net', true, true, 'with the local domain'],
    ['ann@example.org', false, false, 'with a foreign domain'],
    ['a\u00adnn', true, false, 'with what SASLprep drops'],
    ['\u200dann', true, false, 'with a joiner of no width, which it drops too'],
    ['ａnn', true, false, 'with a letter that it maps to another'],
    ['ªnn@example.net', true, false, 'the same with the local domain'],
    [`${'\u00ad'.repeat(1000)}ann`, true, false, 'with much that SASLprep drops'],
    [`${'\u00ad'.repeat(8000)}ann`, false, false, 'longer than any name, and prepared no more'],
    ['bob', false, false, 'of nobody'],
  ])('%j is ann’s: %s of whom has to prove it, %s of whom a third party vouches for (%s)', async (name, claimed, vouchedFor) => {
    expect((await finder.find(name)) !== undefined).toBe(claimed)
    expect((await finder.findExact(name)) !== undefined).toBe(vouchedFor)
  })
})
