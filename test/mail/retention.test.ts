// What the rules say of a folder, and what EXPIRE may promise of it.
import { describe, expect, it } from 'vitest'
import {
  asksForRetrieval,
  deletesRetrieved,
  type Expire,
  type ExpireDays,
  expireOf,
  type RetentionRule,
  rulesFor,
} from '../../src/mail/retention.ts'

const day = 86_400_000
const inbox = (rule: Omit<RetentionRule, 'folder'>): RetentionRule => ({ folder: 'INBOX', ...rule })

describe('expireOf', () => {
  const cases: readonly (readonly [
    reason: string,
    rules: readonly RetentionRule[],
    own: ExpireDays | undefined,
    expected: Expire | undefined,
  ])[] = [
    ['no rule: nothing is ever removed', [], undefined, 'never'],
    ['an age in days', [inbox({ olderThanMs: 30 * day })], undefined, 30],
    ['an age is never rounded up: clients rely on it', [inbox({ olderThanMs: 1.9 * day })], undefined, 1],
    ['at QUIT, once retrieved', [inbox({ afterFetchMs: 0 })], undefined, 0],
    ['days after the retrieval', [inbox({ afterFetchMs: 7 * day })], undefined, 7],
    ['both ages must pass', [inbox({ olderThanMs: 30 * day, afterFetchMs: 7 * day })], undefined, 30],
    [
      'of several rules the strictest',
      [inbox({ olderThanMs: 30 * day }), inbox({ afterFetchMs: 3 * day })],
      undefined,
      3,
    ],
    [
      'a rule for large messages may take any message',
      [inbox({ olderThanMs: 5 * day, largerThanOctets: 1 })],
      undefined,
      5,
    ],
    ['a limit of messages promises nothing', [inbox({ maxMessages: 10 })], undefined, undefined],
    [
      'nor one of octets, whatever else holds',
      [inbox({ maxOctets: 10 }), inbox({ olderThanMs: day })],
      undefined,
      undefined,
    ],
    ['a rule for another folder', [{ folder: 'Trash', olderThanMs: day }], undefined, 'never'],
    ['the rule for all others', [{ folder: '*', olderThanMs: 2 * day }], undefined, 2],
    [
      'its own rule before the one for all others',
      [{ folder: '*', olderThanMs: day }, inbox({ olderThanMs: 9 * day })],
      undefined,
      9,
    ],
    ['the account keeps all', [inbox({ maxMessages: 1 })], 'never', 'never'],
    ['the account has days of its own', [inbox({ olderThanMs: day })], 60, 60],
    ['the account leaves nothing', [], 0, 0],
  ]
  it.each(cases)('%s', (_reason, rules, expireDays, expected) => {
    expect(expireOf(rules, expireDays === undefined ? {} : { expireDays })).toBe(expected)
  })
})

it('knows a folder in any case, and leaves other folders than INBOX to the rules', () => {
  const rules = [{ folder: 'junk', olderThanMs: day }]
  expect(rulesFor(rules, { expireDays: 'never' }, 'Junk')).toEqual(rules)
  expect(expireOf(rules, { expireDays: 'never' }, 'JUNK')).toBe(1)
})

it('says when retrieving is deleting, and when it is of interest at all', () => {
  const table = [
    [[inbox({ afterFetchMs: 0 })], true, true],
    [[inbox({ afterFetchMs: day })], false, true],
    [[inbox({ afterFetchMs: 0, largerThanOctets: 5 })], false, true],
    [[inbox({ olderThanMs: day })], false, false],
  ] as const
  for (const [rules, deletes, asks] of table) {
    expect(deletesRetrieved(rules, {})).toBe(deletes)
    expect(asksForRetrieval(rules, {})).toBe(asks)
  }
  expect(deletesRetrieved([], { expireDays: 0 })).toBe(true)
})
