// `poplar export`: writes an account's mail where other programs can read it, UIDLs, dates, flags and order kept.
import { Argument, Command } from 'commander'
import type { AccountName } from '../mail/account.ts'
import { writeMaildir } from '../store/archive/maildir-writer.ts'
import { writeMbox } from '../store/archive/mbox-writer.ts'
import { type ConfigOptions, configOption, userArgument, withExamples } from './arguments.ts'
import { inOffice, requireAccount } from './office.ts'
import { printLine } from './output.ts'
import { startProgress } from './progress.ts'

const formats = { maildir: writeMaildir, mbox: writeMbox }

export function exportCommand(): Command {
  const command = new Command('export')
    .description('write the mail of an account to files, with its UIDLs, dates, flags and order')
    .addArgument(userArgument())
    .addArgument(new Argument('<format>', 'what to write').choices(Object.keys(formats)))
    .argument('<path>', 'a new or empty folder for a Maildir, a new file for an mbox')
    .addOption(configOption())
    .action(async (name: AccountName, format: keyof typeof formats, path: string, options: ConfigOptions) => {
      await inOffice(options, async office => {
        const account = await requireAccount(office, name)
        const { store } = office
        const progress = startProgress(await store.countMessages(account), 'messages')
        try {
          const count = await formats[format](path, store.messages(account), () => progress.advance(1))
          progress.stop()
          printLine(`exported ${count} to ${path}`)
        } finally {
          progress.stop()
        }
      })
    })
  return withExamples(command, [
    ['poplar export ann maildir ann.maildir', 'a Maildir with a dovecot-uidlist beside it'],
    ['poplar export ann mbox ann.mbox', 'one file, in the mboxrd form'],
  ])
}
