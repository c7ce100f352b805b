// `poplar restore`: one account of a backup back into the office, which may be serving; or the whole office, which may not.
import { Command } from 'commander'
import { loadConfig } from '../config.ts'
import type { AccountName } from '../mail/account.ts'
import { verifyBackup } from '../store/backup/backup.ts'
import { restoreAccount } from '../store/backup/restore-account.ts'
import { restoreAll } from '../store/backup/restore-all.ts'
import { openBackup } from '../store/sql/sqlite/backup-reader.ts'
import { type ConfigOptions, configOption, type JsonOptions, jsonOption, withExamples } from './arguments.ts'
import { accountOption } from './backup.ts'
import { CommandFailure } from './failure.ts'
import { inOffice } from './office.ts'
import { printJson, printLine } from './output.ts'
import { startProgress } from './progress.ts'
import { confirm } from './terminal.ts'

interface RestoreOptions extends ConfigOptions, JsonOptions {
  readonly account?: AccountName
  readonly yes?: boolean
}

export function restoreCommand(): Command {
  const command = new Command('restore')
    .description(
      'bring back what a backup holds: one account while serving, or the office while it is stopped',
    )
    .argument('<file>', 'a backup of `poplar backup`, its checksum beside it')
    .addOption(accountOption('only this account: what it no longer has is added, and nothing is doubled'))
    .option('--yes', 'do not ask')
    .addOption(jsonOption())
    .addOption(configOption())
    .action(async (file: string, { account, ...options }: RestoreOptions) => {
      await (account === undefined ? restoreOffice(file, options) : restoreOne(file, account, options))
    })
  return withExamples(command, [
    ['poplar restore office.backup --account ann', 'what ann no longer has, UIDLs unchanged'],
    ['poplar restore office.backup', 'all of it, in the place of what is there'],
  ])
}

async function restoreOne(file: string, name: AccountName, options: RestoreOptions): Promise<void> {
  await verifyBackup(file)
  await inOffice(
    options,
    async ({ store }) => {
      const backup = await openBackup(file)
      const was = backup.account(name)
      const progress = startProgress(was ? backup.countMessages(was) : 0, 'messages')
      try {
        const report = await restoreAccount(store, backup, name, () => progress.advance(1))
        progress.stop()
        if (options.json) printJson({ user: name, ...report })
        else {
          const { restored, undeleted, present, madeAccount } = report
          if (madeAccount) printLine(`made ${name} anew, with the password it had`)
          printLine(`restored ${restored} of ${name}, undeleted ${undeleted}, ${present} were there`)
        }
      } finally {
        progress.stop()
        backup.close()
      }
    },
    { mayBegin: true },
  )
}

async function restoreOffice(file: string, options: RestoreOptions): Promise<void> {
  const { data } = loadConfig(options.config)
  const question = `Put ${file} in the place of all that is in ${data}?`
  if (!options.yes && !(await confirm(question, '--yes'))) throw new CommandFailure('nothing was restored')
  const before = await restoreAll(data, file)
  if (options.json) printJson({ data, before: before ?? null })
  else {
    printLine(`restored the office in ${data}`)
    if (before !== undefined) printLine(`what was there before lies in ${before}`)
  }
}
