// The rules of retention, and how long deletions are remembered.
import { z } from 'zod'
import { folderNameFault } from '../mail/folder-name.ts'
import { describe, duration, parsed } from './key.ts'
import { parseMilliseconds, parseOctets } from './quantities.ts'

const folder = parsed(text => (text === '*' || !folderNameFault(text) ? text : undefined))
const textOrNumber = z.union([z.string(), z.number()])
const age = parsed(parseMilliseconds, textOrNumber).optional()
const octets = parsed(parseOctets, textOrNumber).optional()

export const retention = describe(
  z
    .array(
      z.strictObject({
        folder,
        older_than: age,
        after_fetch: age,
        larger_than: octets,
        max_messages: z.int().min(0).max(100_000_000).optional(),
        max_octets: octets,
      }),
    )
    .max(100)
    .default([]),
  {
    takes:
      'a list of at most 100 tables with `folder`, and of `older_than`, `after_fetch`, `larger_than`, or of `max_messages`, `max_octets`',
    byDefault: { inWords: 'none: all stays', toml: '[{ folder = "Trash", older_than = "30d" }]' },
    description:
      'What is removed by itself, also written `[[retention]]`. `folder` is a name, or `"*"` for all folders without a rule of their own. A message goes when it is `older_than` (a duration since its date), was fetched so long ago (`after_fetch`; `"0"` is at QUIT, RFC 2449 section 6.7) and is `larger_than` (a size), all of those that are named; or, the oldest first, when there are more than `max_messages` or `max_octets` (docs/retention.md).',
  },
)

/** Of [store]. */
export const audit = duration(
  '90d',
  'How long `poplar deletions` remembers what was deleted, of each account the latest 100,000.',
  { min: '1h', max: '3650d' },
)
