// `poplar deletions`: the audit of what left an account's maildrop, for as long as it is kept.
import { Command } from 'commander'
import type { AccountName } from '../mail/account.ts'
import { type Deletion, deletionReasons } from '../mail/deletion.ts'
import {
  type ConfigOptions,
  configOption,
  type JsonOptions,
  jsonOption,
  rejecting,
  userArgument,
  withExamples,
} from './arguments.ts'
import { inOffice } from './office.ts'
import { type Column, formatOctets, formatTime, printRows } from './output.ts'
import { parseTime } from './undelete.ts'

interface DeletionsOptions extends ConfigOptions, JsonOptions {
  readonly since?: Date
  readonly session?: string
  readonly limit: number
}

export function deletionsCommand(): Command {
  const command = new Command('deletions')
    .description('list what was deleted: who did it, when, from where and why; of removed accounts too')
    .addArgument(userArgument())
    .option('--since <time>', 'only since a date, or so long ago, such as 2h or 3d', rejecting(parseTime))
    .option('--session <id>', 'only those of this session')
    .option('--limit <number>', 'the latest so many', rejecting(parseLimit), 1000)
    .addOption(jsonOption())
    .addOption(configOption())
    .action(async (name: AccountName, { since, session, limit, ...options }: DeletionsOptions) => {
      await inOffice(options, async ({ store }) => {
        const found = await store.listDeletions(name, {
          limit,
          ...(since && { since }),
          ...(session !== undefined && { sessionId: session }),
        })
        printRows(found, columns, options)
      })
    })
  return withExamples(command, [
    ['poplar deletions ann --since 1d', 'what left within the last day'],
    ['poplar deletions ann --json', 'all that is known of each'],
  ])
}

const columns: readonly Column<Deletion>[] = [
  { title: 'time', cell: ({ at }) => formatTime(at) },
  { title: 'by', cell: ({ actor }) => actor },
  { title: 'from', cell: ({ peer, protocol }) => [protocol, peer].filter(Boolean).join(' ') || '-' },
  { title: 'session', cell: ({ sessionId = '-' }) => sessionId },
  { title: 'folder', cell: ({ folder }) => folder },
  { title: 'uidl', cell: ({ uidl }) => uidl },
  { title: 'size', cell: ({ octets }) => formatOctets(octets), align: 'right' },
  { title: 'why', cell: ({ reason }) => deletionReasons[reason] },
  { title: 'became', cell: ({ fate }) => fate },
]

function parseLimit(text: string): number {
  const limit = /^[1-9]\d{0,6}$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isNaN(limit)) return limit
  throw new Error(`${JSON.stringify(text)} is no number from 1 to 9999999`)
}
