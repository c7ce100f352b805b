// `poplar collect run`: fetches now what is new, a bar for each source while it goes on, a table when it is done.
import { Command } from 'commander'
import { openCollector } from '../../collecting.ts'
import type { CollectEvent, RunSummary } from '../../pop3/collector/events.ts'
import { type ConfigOptions, configOption, type JsonOptions, jsonOption, withExamples } from '../arguments.ts'
import { CommandFailure } from '../failure.ts'
import { inOffice, type Office } from '../office.ts'
import { type Column, formatDuration, formatOctets, printLine, printRows } from '../output.ts'
import { askingAtTerminal, chosenSources, localDelivery } from './at-hand.ts'
import { createRunScreen } from './run-screen.ts'

interface RunOptions extends ConfigOptions, JsonOptions {
  readonly dryRun?: boolean
  readonly force?: boolean
}

export function collectRunCommand(): Command {
  const command = new Command('run')
    .description('fetch what is new, from all sources or from those that are named')
    .argument('[name...]', 'sources, as [[collect]] names them')
    .option('--dry-run', 'show what would be fetched and deleted, and do nothing')
    .option('--force', 'also sources that are paused, or are to be left alone for a while')
    .addOption(jsonOption())
    .addOption(configOption())
    .action(async (names: readonly string[], options: RunOptions) => {
      await inOffice(options, office => run(office, names, options), { writer: 'thread' })
    })
  return withExamples(command, [
    ['poplar collect run', 'everything that is new, everywhere'],
    ['poplar collect run old-account --dry-run', 'what would be done with one source'],
    ['poplar collect run --json | jq -c .', 'every event as a line of JSON'],
  ])
}

async function run(office: Office, names: readonly string[], options: RunOptions): Promise<void> {
  const { json = false, dryRun: isDryRun = false, force: isForced = false } = options
  const chosen = chosenSources(office, names)
  const screen = createRunScreen({ json })
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  process.once('SIGINT', stop).once('SIGTERM', stop)
  const collector = openCollector(office.config, {
    store: office.store,
    delivery: localDelivery(office),
    ask: askingAtTerminal(),
    onEvent: event => screen.show(event),
    onFault: error => {
      throw error
    },
  })
  try {
    const only = chosen.map(({ name }) => name)
    const summaries = await collector.run({ only, isForced, isDryRun, signal: stopping.signal })
    screen.stop()
    if (!json) tell(summaries, isDryRun, screen.listed)
    const failed = summaries.filter(({ trouble }) => trouble && trouble.fault !== 'waiting')
    if (failed.length > 0) throw new CommandFailure(failureText(failed))
  } finally {
    screen.stop()
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

type Listed = CollectEvent & { readonly kind: 'listed' }

function tell(
  summaries: readonly RunSummary[],
  isDryRun: boolean,
  listed: ReadonlyMap<string, Listed>,
): void {
  if (isDryRun) printRows([...listed.values()], plannedColumns, {})
  else printRows(summaries, columns, {})
  for (const { source, oddities } of listed.values())
    for (const oddity of oddities) printLine(`${source}: ${oddity}`)
  for (const { source, trouble } of summaries)
    if (trouble?.fault === 'waiting') printLine(`${source}: ${trouble.reason}`)
}

function failureText(failed: readonly RunSummary[]): string {
  return failed.map(({ source, trouble }) => `${source}: ${trouble?.reason ?? ''}`).join('; ')
}

const columns: readonly Column<RunSummary>[] = [
  { title: 'source', cell: ({ source }) => source },
  { title: 'listed', cell: ({ listed }) => listed, align: 'right' },
  { title: 'fetched', cell: ({ fetched }) => fetched, align: 'right' },
  { title: 'size', cell: ({ fetchedOctets }) => formatOctets(fetchedOctets), align: 'right' },
  { title: 'skipped', cell: ({ skipped }) => skipped, align: 'right' },
  { title: 'failed', cell: ({ failed }) => failed, align: 'right' },
  { title: 'deleted', cell: ({ deleted }) => deleted, align: 'right' },
  { title: 'left', cell: ({ left }) => left, align: 'right' },
  { title: 'time', cell: ({ durationMs }) => formatDuration(durationMs), align: 'right' },
]

const plannedColumns: readonly Column<Listed>[] = [
  { title: 'source', cell: ({ source }) => source },
  { title: 'listed', cell: ({ messages }) => messages, align: 'right' },
  { title: 'to fetch', cell: ({ toFetch }) => toFetch, align: 'right' },
  { title: 'size', cell: ({ toFetchOctets }) => formatOctets(toFetchOctets), align: 'right' },
  { title: 'to delete', cell: ({ toDelete }) => toDelete, align: 'right' },
  { title: 'later', cell: ({ left }) => left, align: 'right' },
]
