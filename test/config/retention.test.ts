// Rules of retention: what a file says, what it comes to, and what no rule can mean.
import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config.ts'

const hour = 3_600_000

it('reads rules', () => {
  const { retention, store } = parseConfig(`
    [[retention]]
    folder = "Trash"
    older_than = "30d"
    [[retention]]
    folder = "INBOX"
    after_fetch = "0"
    [[retention]]
    folder = "*"
    older_than = "12h"
    larger_than = "1KiB"
    [[retention]]
    folder = "Junk"
    max_messages = 0
    max_octets = "1MiB"
    [store]
    audit = "1h"
  `)
  expect(retention).toEqual([
    { folder: 'Trash', olderThanMs: 30 * 24 * hour },
    { folder: 'INBOX', afterFetchMs: 0 },
    { folder: '*', olderThanMs: 12 * hour, largerThanOctets: 1024 },
    { folder: 'Junk', maxMessages: 0, maxOctets: 1_048_576 },
  ])
  expect(store.auditMs).toBe(hour)
})

describe('refuses a rule', () => {
  const cases: readonly (readonly [reason: string, rule: string, says: RegExp])[] = [
    [
      'that names nothing to remove',
      'folder = "Junk"',
      /line 1: item 1 of `retention` does not say what is to go/,
    ],
    ['of a size alone', 'folder = "Junk"\nlarger_than = "1MiB"', /needs `older_than` or `after_fetch`/],
    ['of an age of nothing', 'folder = "Junk"\nolder_than = "0"', /more than "0"/],
    ['of an age and a limit', 'folder = "Junk"\nolder_than = "1d"\nmax_messages = 5', /make it two rules/],
    [
      'that no client could foretell',
      'folder = "INBOX"\nafter_fetch = "0"\nlarger_than = "1MiB"',
      /needs `after_fetch = "0"` alone/,
    ],
    ['without a folder', 'older_than = "1d"', /`folder` of item 1 is missing/],
    [
      'for what is no folder',
      'folder = "a\\u0000"\nolder_than = "1d"',
      /`folder` of item 1 is "a\?"|\\u0000/,
    ],
    ['with a key there is not', 'folder = "*"\nolder = "1d"', /line 3: unknown key `older`/],
    ['with a duration that is none', 'folder = "*"\nolder_than = "soon"', /`older_than` of item 1 is "soon"/],
    ['with less than no messages', 'folder = "*"\nmax_messages = -1', /`max_messages` of item 1 is -1/],
  ]
  it.each(cases)('%s', (_reason, rule, says) => {
    expect(() => parseConfig(`[[retention]]\n${rule}\n`)).toThrow(says)
  })
})
