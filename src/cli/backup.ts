// `poplar backup`: the office, or one account, in one file, while the server goes on; and a look whether such a file is
// sound.
import { Command, Option } from 'commander'
import type { AccountName } from '../mail/account.ts'
import { parseAccountName } from '../mail/account-name.ts'
import { verifyBackup, writeBackup } from '../store/backup/backup.ts'
import { type ConfigOptions, configOption, rejecting, withExamples } from './arguments.ts'
import { inOffice, requireAccount } from './office.ts'
import { printLine } from './output.ts'
import { type Progress, startProgress } from './progress.ts'

interface BackupOptions extends ConfigOptions {
  readonly account?: AccountName
  readonly verify?: boolean
}

export function backupCommand(): Command {
  const command = new Command('backup')
    .description(
      'write the office, or one account, to a new file, while it may be serving; a checksum lies beside it',
    )
    .argument('<file>', 'the backup; it holds all mail and password hashes, and is for its owner alone')
    .addOption(accountOption('only this account'))
    .addOption(
      new Option('--verify', 'read a backup, and say whether it is sound; write nothing').conflicts(
        'account',
      ),
    )
    .addOption(configOption())
    .action(async (file: string, { account, verify, ...options }: BackupOptions) => {
      if (verify) {
        await verifyBackup(file)
        printLine(`${file} is sound`)
        return
      }
      await inOffice(options, async office => {
        if (account !== undefined) await requireAccount(office, account)
        await write(office.config.data, file, account)
        printLine(`wrote ${account ?? 'the office'} to ${file}`)
      })
    })
  return withExamples(command, [
    ['poplar backup office.backup', 'everything but the configuration and the key of sealed passwords'],
    ['poplar backup ann.backup --account ann', 'one account'],
    ['poplar backup --verify office.backup', 'is it whole?'],
  ])
}

export function accountOption(description: string): Option {
  return new Option('--account <name>', description).argParser(rejecting(parseAccountName))
}

/** An interrupt leaves no half file behind. */
async function write(folder: string, file: string, accountName: AccountName | undefined): Promise<void> {
  const interrupted = new AbortController()
  const abort = () => interrupted.abort(new Error('interrupted'))
  process.once('SIGINT', abort).once('SIGTERM', abort)
  let progress: Progress | undefined
  let done = 0
  try {
    await writeBackup(folder, file, {
      signal: interrupted.signal,
      onProgress(total, remaining) {
        progress ??= startProgress(total, 'pages')
        progress.advance(total - remaining - done)
        done = total - remaining
      },
      ...(accountName !== undefined && { accountName }),
    })
  } finally {
    progress?.stop()
    process.off('SIGINT', abort).off('SIGTERM', abort)
  }
}
