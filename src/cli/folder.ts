// `poplar folder`: the folders of accounts. INBOX, Junk and Trash make themselves when they are needed.
import { Argument, Command } from 'commander'
import type { AccountName } from '../mail/account.ts'
import { parseFolderName } from '../mail/folder-name.ts'
import type { Folder } from '../mail/folders.ts'
import {
  type ConfigOptions,
  configOption,
  type JsonOptions,
  jsonOption,
  rejecting,
  userArgument,
  withExamples,
} from './arguments.ts'
import { inOffice, requireAccount } from './office.ts'
import { type Column, formatOctets, printable, printLine, printRows } from './output.ts'

export function folderCommand(): Command {
  return new Command('folder')
    .description('list, create and remove the folders of an account')
    .addCommand(listCommand())
    .addCommand(createCommand())
    .addCommand(removeCommand())
}

function nameArgument(): Argument {
  return new Argument('<folder>', 'name of the folder, in any case').argParser(rejecting(parseFolderName))
}

const columns: readonly Column<Folder>[] = [
  { title: 'folder', cell: ({ name }) => name },
  { title: 'messages', cell: ({ messages }) => messages, align: 'right' },
  { title: 'octets', cell: ({ octets }) => formatOctets(octets), align: 'right' },
]

function listCommand(): Command {
  const command = new Command('list')
    .description('list the folders of an account')
    .addArgument(userArgument())
    .addOption(jsonOption())
    .addOption(configOption())
    .action(async (name: AccountName, options: ConfigOptions & JsonOptions) => {
      await inOffice(options, async office => {
        const { id } = await requireAccount(office, name)
        printRows(await office.store.listFolders(id), columns, options)
      })
    })
  return withExamples(command, [['poplar folder list ann', 'what is in which folder']])
}

function createCommand(): Command {
  const command = new Command('create')
    .description('make a folder; POP3 shows it to who logs in as user+folder')
    .addArgument(userArgument())
    .addArgument(nameArgument())
    .addOption(configOption())
    .action(async (name: AccountName, folder: string, options: ConfigOptions) => {
      await inOffice(options, async ({ store }) => {
        await store.createFolder(name, folder)
        printLine(`made the folder ${printable(folder)} of ${name}`)
      })
    })
  return withExamples(command, [['poplar folder create ann Lists', 'then log in as ann+Lists']])
}

function removeCommand(): Command {
  const command = new Command('remove')
    .description(
      'remove a folder that has no messages; those deleted from it come back into INBOX, if at all',
    )
    .addArgument(userArgument())
    .addArgument(nameArgument())
    .addOption(configOption())
    .action(async (name: AccountName, folder: string, options: ConfigOptions) => {
      await inOffice(options, async ({ store }) => {
        await store.removeFolder(name, folder)
        printLine(`removed the folder ${printable(folder)} of ${name}`)
      })
    })
  return withExamples(command, [['poplar folder remove ann Lists', 'if it is empty']])
}
