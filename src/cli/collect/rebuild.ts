// `poplar collect rebuild`: a ledger that cannot be read any more is made anew from what the destinations have. What was found is
// shown before anything is written.
import { Command } from 'commander'
import { openCollection } from '../../collecting.ts'
import { DestinationError } from '../../pop3/collector/destination.ts'
import type { Examination } from '../../pop3/collector/rebuild/examination.ts'
import { rebuild } from '../../pop3/collector/rebuild/rebuild.ts'
import { SourceError } from '../../pop3/collector/source.ts'
import { type ConfigOptions, configOption, type JsonOptions, jsonOption, withExamples } from '../arguments.ts'
import { CommandFailure } from '../failure.ts'
import { inOffice, type Office } from '../office.ts'
import { printLine } from '../output.ts'
import { confirm } from '../terminal.ts'
import { askingAtTerminal, chosenSources, localDelivery } from './at-hand.ts'
import { printFound, printFoundAsJson } from './rebuild-report.ts'

interface RebuildOptions extends ConfigOptions, JsonOptions {
  readonly dryRun?: boolean
  readonly trustHeaders?: boolean
  readonly trustLedger?: boolean
  readonly trustOthers?: boolean
  readonly yes?: boolean
}

export function collectRebuildCommand(): Command {
  const command = new Command('rebuild')
    .description(
      'make the ledger of a source anew, where it is damaged or lost: what its destinations have is known again, the rest comes',
    )
    .argument('<name>', 'a source, as [[collect]] names it')
    .option('--dry-run', 'show what would be known, and write nothing')
    .option(
      '--trust-headers',
      'where the same header is in the destination, take it for the same message unseen',
    )
    .option(
      '--trust-ledger',
      'believe what can still be read of the old ledger, whatever the destinations have',
    )
    .option(
      '--trust-others',
      'take it that LMTP, SMTP and commands have got what the other destinations have',
    )
    .option('-y, --yes', 'do not ask where the ledger is not damaged at all')
    .addOption(jsonOption())
    .addOption(configOption())
    .action(async (name: string, options: RebuildOptions) => {
      await inOffice(options, office => run(office, name, options))
    })
  return withExamples(command, [
    ['poplar collect rebuild old-account --dry-run', 'what is there, what is not, and what is in doubt'],
    ['poplar collect rebuild old-account', 'the same, and a new ledger'],
  ])
}

async function run(office: Office, name: string, options: RebuildOptions): Promise<void> {
  const { config, store } = office
  const { trustHeaders = false, trustLedger = false, trustOthers = false } = options
  const [chosen] = chosenSources(office, [name])
  if (!chosen) return
  const parts = { store, delivery: localDelivery(office), ask: askingAtTerminal() }
  const { source, policy, openDestinations } = openCollection(config, chosen, parts)
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  process.once('SIGINT', stop).once('SIGTERM', stop)
  const destinations = openDestinations()
  let shown: Examination | undefined
  try {
    const isWritten = await rebuild({
      source,
      destinations,
      policy,
      ledger: store,
      trust: { headers: trustHeaders, ledger: trustLedger, others: trustOthers },
      signal: stopping.signal,
      now: () => new Date(),
      mayWrite: found => {
        shown = found
        if (!options.json) printFound(name, found)
        return mayWrite(name, found, options)
      },
    })
    if (options.json && shown) printFoundAsJson(name, shown, isWritten)
    else printLine(isWritten ? `the ledger of ${name} is made anew` : 'nothing was written')
  } catch (error) {
    throw asFailure(error)
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
    await Promise.allSettled(destinations.map(async destination => destination.close()))
  }
}

/** A ledger that is whole is hardly ever worse than what can be found out without it. */
async function mayWrite(
  name: string,
  found: Examination,
  { dryRun = false, yes = false }: RebuildOptions,
): Promise<boolean> {
  const isWhole = found.unreadable.length === 0 && found.readable > 0
  const question = `All of the ledger of ${name} can be read. Make it anew all the same?`
  return !dryRun && (yes || !isWhole || (await confirm(question, '--yes')))
}

function asFailure(error: unknown): unknown {
  if (error instanceof SourceError || error instanceof DestinationError)
    return new CommandFailure(`${error.message}; nothing was written`)
  return error
}
