// `poplar collect status` and `list`: how each source is doing, and which of its messages wait for somebody.
import { Command } from 'commander'
import type {
  CollectedCounts,
  CollectedRecord,
  CollectedSource,
  CollectedState,
} from '../../mail/collection-ledger.ts'
import { newSource } from '../../pop3/collector/source-state.ts'
import { type ConfigOptions, configOption, type JsonOptions, jsonOption, withExamples } from '../arguments.ts'
import { inOffice, type Office } from '../office.ts'
import { type Column, formatOctets, formatTime, printLine, printRows } from '../output.ts'
import { requireCollected } from './at-hand.ts'

interface SourceStatus extends CollectedSource {
  readonly isConfigured: boolean
  readonly everyMs: number | undefined
  readonly counts: CollectedCounts
}

export function collectStatusCommand(): Command {
  const command = new Command('status')
    .description('show how each source is doing: the last run, what waits, what is wrong and what to do')
    .addOption(jsonOption())
    .addOption(configOption())
    .action(async (options: ConfigOptions & JsonOptions) => {
      await inOffice(options, async office => {
        const all = await statuses(office)
        printRows(all, columns, options)
        if (options.json) return
        for (const { source, paused, error } of all)
          if (paused ?? error) printLine(`${source}: ${paused ?? error ?? ''}`)
      })
    })
  return withExamples(command, [['poplar collect status', 'print a table']])
}

async function statuses({ config, store }: Office): Promise<readonly SourceStatus[]> {
  const known = new Map((await store.listSources()).map(each => [each.source, each]))
  const names = new Set([...config.collect.map(({ name }) => name), ...known.keys()])
  return Promise.all(
    [...names].map(async name => {
      const configured = config.collect.find(each => each.name === name)
      const state = known.get(name) ?? newSource(name, '')
      const counts = await store.countRecords(name)
      return { ...state, isConfigured: configured !== undefined, everyMs: configured?.everyMs, counts }
    }),
  )
}

const columns: readonly Column<SourceStatus>[] = [
  { title: 'source', cell: ({ source }) => source },
  { title: 'state', cell: stateOf },
  { title: 'last run', cell: ({ lastRunAt }) => timeOf(lastRunAt) },
  { title: 'next run', cell: status => timeOf(nextRun(status)) },
  { title: 'stored', cell: ({ counts }) => counts.stored + counts.pending + counts.unknown, align: 'right' },
  { title: 'deleted', cell: ({ counts }) => counts.committed, align: 'right' },
  { title: 'waiting', cell: ({ counts }) => counts.waiting, align: 'right' },
  { title: 'parked', cell: ({ counts }) => counts.parked, align: 'right' },
  { title: 'skipped', cell: ({ counts }) => counts.skipped, align: 'right' },
]

function stateOf({ isConfigured, paused, error, failures, lastRunAt }: SourceStatus): string {
  if (!isConfigured) return 'not configured'
  if (paused !== undefined) return 'paused'
  // Somebody else has the mailbox, or a person has just let it go on.
  if (error !== undefined) return failures > 0 ? 'in trouble' : 'waits'
  return lastRunAt === undefined ? 'never run' : 'well'
}

/** By the schedule of a server that runs; it varies by a fifth. */
function nextRun({ paused, lastRunAt, notBefore, everyMs = 0 }: SourceStatus): Date | undefined {
  if (paused !== undefined || everyMs === 0 || lastRunAt === undefined) return undefined
  return new Date(Math.max(lastRunAt.getTime() + everyMs, notBefore?.getTime() ?? 0))
}

function timeOf(time: Date | undefined): string {
  return time === undefined ? '-' : formatTime(time)
}

/** Those that somebody may want to do something about. */
const listedStates: readonly CollectedState[] = ['waiting', 'parked', 'skipped']

export function collectListCommand(): Command {
  const command = new Command('list')
    .description('list the messages of a source that failed, were set aside, or are not wanted')
    .argument('<name>', 'a source')
    .addOption(jsonOption())
    .addOption(configOption())
    .action(async (name: string, options: ConfigOptions & JsonOptions) => {
      await inOffice(options, async office => {
        await requireCollected(office, name)
        const lists = await Promise.all(listedStates.map(state => office.store.listRecords(name, state)))
        printRows(lists.flat(), recordColumns, options)
      })
    })
  return withExamples(command, [['poplar collect list old-account', 'with their keys and reasons']])
}

const recordColumns: readonly Column<CollectedRecord>[] = [
  { title: 'key', cell: ({ key }) => key },
  { title: 'state', cell: ({ state }) => state },
  {
    title: 'size',
    cell: ({ octets }) => (octets === undefined ? '-' : formatOctets(octets)),
    align: 'right',
  },
  { title: 'failures', cell: ({ failures }) => failures, align: 'right' },
  { title: 'next try', cell: ({ retryAt }) => timeOf(retryAt) },
  { title: 'reason', cell: ({ reason = '' }) => reason },
]
