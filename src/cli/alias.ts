// `poplar alias`: which addresses lead to which accounts besides their own names.
import { Argument, Command } from 'commander'
import type { AccountName } from '../mail/account.ts'
import { parseAliasAddress } from '../mail/account-name.ts'
import type { Alias } from '../mail/account-registry.ts'
import {
  type ConfigOptions,
  configOption,
  type JsonOptions,
  jsonOption,
  rejecting,
  userArgument,
  withExamples,
} from './arguments.ts'
import { inOffice, requireLocalDomain } from './office.ts'
import { type Column, printLine, printRows } from './output.ts'

export function aliasCommand(): Command {
  return new Command('alias')
    .description('add, remove and list further addresses of accounts')
    .addCommand(addCommand())
    .addCommand(removeCommand())
    .addCommand(listCommand())
}

function addressArgument(): Argument {
  return new Argument(
    '<address>',
    'local@domain; local, for every local domain; or @domain, for all that is not known there',
  ).argParser(rejecting(parseAliasAddress))
}

function addCommand(): Command {
  const command = new Command('add')
    .description('let mail to an address go to an account; several accounts may share one address')
    .addArgument(addressArgument())
    .addArgument(userArgument())
    .addOption(configOption())
    .action(async (address: string, accountName: AccountName, options: ConfigOptions) => {
      await inOffice(options, async office => {
        requireLocalDomain(office, address)
        await office.store.addAlias({ address, accountName })
        printLine(`mail to ${address} goes to ${accountName}`)
      })
    })
  return withExamples(command, [
    ['poplar alias add postmaster ann', 'postmaster at every local domain is ann'],
    ['poplar alias add sales@example.net bob', 'one address'],
    ['poplar alias add @example.net ann', 'everything at example.net that nobody else receives'],
  ])
}

function removeCommand(): Command {
  const command = new Command('remove')
    .description('remove an address, from one account or from all')
    .addArgument(addressArgument())
    .addArgument(userArgument().argOptional())
    .addOption(configOption())
    .action(async (address: string, accountName: AccountName | undefined, options: ConfigOptions) => {
      await inOffice(options, async ({ store }) => {
        await store.removeAlias(address, accountName)
        printLine(`removed ${address}${accountName ? ` from ${accountName}` : ''}`)
      })
    })
  return withExamples(command, [
    ['poplar alias remove postmaster', 'nobody is postmaster any more'],
    ['poplar alias remove postmaster ann', 'ann is not, others stay'],
  ])
}

function listCommand(): Command {
  const command = new Command('list')
    .description('list the addresses')
    .addOption(jsonOption())
    .addOption(configOption())
    .action(async (options: ConfigOptions & JsonOptions) => {
      await inOffice(options, async ({ store }) => printRows(await store.listAliases(), columns, options))
    })
  return withExamples(command, [['poplar alias list --json', 'print an array of objects']])
}

const columns: readonly Column<Alias>[] = [
  { title: 'address', cell: alias => alias.address },
  { title: 'user', cell: alias => alias.accountName },
]
