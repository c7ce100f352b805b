// What a person decides: messages that are to be tried again or left alone, sources that may go on or are to be forgotten.
import { Command } from 'commander'
import type { CollectedRecord } from '../../mail/collection-ledger.ts'
import { skipped, wanted } from '../../pop3/collector/record.ts'
import { resumed } from '../../pop3/collector/source-state.ts'
import { type ConfigOptions, configOption, withExamples } from '../arguments.ts'
import { CommandFailure } from '../failure.ts'
import { inOffice, type Office } from '../office.ts'
import { printLine } from '../output.ts'
import { confirm } from '../terminal.ts'
import { requireCollected, requireRecord } from './at-hand.ts'

export function collectRetryCommand(): Command {
  const command = new Command('retry')
    .description('try messages again with the next run: those that failed or were set aside, or these')
    .argument('<name>', 'a source')
    .argument(
      '[key...]',
      'keys of messages; default: all that failed or were set aside, not what was left alone',
    )
    .addOption(configOption())
    .action(async (name: string, keys: readonly string[], options: ConfigOptions) => {
      await inOffice(options, async office => {
        const chosen = await chosenRecords(office, name, keys)
        await office.store.saveRecords(chosen.map(wanted))
        printLine(`${chosen.length} messages will be tried again`)
      })
    })
  return withExamples(command, [['poplar collect retry old-account', 'all that were set aside']])
}

async function chosenRecords(
  office: Office,
  name: string,
  keys: readonly string[],
): Promise<readonly CollectedRecord[]> {
  await requireCollected(office, name)
  if (keys.length > 0) return Promise.all(keys.map(key => requireNotStored(office, name, key)))
  const { store } = office
  const lists = await Promise.all(
    (['waiting', 'parked'] as const).map(state => store.listRecords(name, state)),
  )
  return lists.flat()
}

/** One that is stored would come twice. */
async function requireNotStored(office: Office, name: string, key: string): Promise<CollectedRecord> {
  const record = await requireRecord(office, name, key)
  if (['waiting', 'parked', 'skipped'].includes(record.state)) return record
  throw new CommandFailure(`${key} of ${name} is stored: it would come twice`)
}

export function collectSkipCommand(): Command {
  const command = new Command('skip')
    .description('leave messages alone for good; they stay at the source')
    .argument('<name>', 'a source')
    .argument('<key...>', 'keys of messages, as `poplar collect list` shows them')
    .addOption(configOption())
    .action(async (name: string, keys: readonly string[], options: ConfigOptions) => {
      await inOffice(options, async office => {
        await requireCollected(office, name)
        const records = await Promise.all(keys.map(key => requireNotStored(office, name, key)))
        await office.store.saveRecords(records.map(record => skipped(record, 'left alone by hand')))
        printLine(`${records.length} messages are left alone`)
      })
    })
  return withExamples(command, [['poplar collect skip old-account 4f2e', 'one message']])
}

export function collectResumeCommand(): Command {
  const command = new Command('resume')
    .description('let a source go on that was paused, or was to be left alone for a while')
    .argument('<name>', 'a source')
    .addOption(configOption())
    .action(async (name: string, options: ConfigOptions) => {
      await inOffice(options, async office => {
        await office.store.saveSource(resumed(await requireCollected(office, name)))
        printLine(`${name} goes on with the next run`)
      })
    })
  return withExamples(command, [['poplar collect resume old-account', 'after its password was changed']])
}

export function collectForgetCommand(): Command {
  const command = new Command('forget')
    .description('forget what was collected from a source: everything that lies there would come again')
    .argument('<name>', 'a source')
    .option('-y, --yes', 'do not ask')
    .addOption(configOption())
    .action(async (name: string, options: ConfigOptions & { readonly yes?: boolean }) => {
      await inOffice(options, async office => {
        await requireCollected(office, name)
        const question = `Forget all that was collected from ${name}? What lies there will come again.`
        if (!options.yes && !(await confirm(question, '--yes'))) return
        // Not while a run is at it: it would write down again what it knows.
        const lease = await office.store.leaseSource(name)
        if (!lease) throw new CommandFailure(`a collector is at ${name} just now; try again later`)
        try {
          printLine(`${await office.store.forgetSource(name)} messages of ${name} are forgotten`)
        } finally {
          await lease.release()
        }
      })
    })
  return withExamples(command, [['poplar collect forget old-account --yes', 'begin anew']])
}
