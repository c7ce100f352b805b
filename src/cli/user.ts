// `poplar user`: who has an account here.
import { Command } from 'commander'
import { hashPassword } from '../auth/password.ts'
import { parseOctets } from '../config.ts'
import type { Account, AccountName } from '../mail/account.ts'
import {
  type ConfigOptions,
  configOption,
  type JsonOptions,
  jsonOption,
  rejecting,
  userArgument,
  withExamples,
} from './arguments.ts'
import { CommandFailure } from './failure.ts'
import { inOffice, type Office, requireAccount, requireLocalDomain } from './office.ts'
import { type Column, formatOctets, formatTime, printLine, printRows } from './output.ts'
import { confirm, type PasswordOptions, passwordStdinOption, readNewPassword } from './terminal.ts'

export function userCommand(): Command {
  return new Command('user')
    .description('add, change, remove and list accounts')
    .addCommand(addCommand())
    .addCommand(passwdCommand())
    .addCommand(quotaCommand())
    .addCommand(removeCommand())
    .addCommand(listCommand())
}

interface AddOptions extends ConfigOptions, PasswordOptions {
  readonly quota?: number
}

function addCommand(): Command {
  const command = new Command('add')
    .description('add an account; asks for its password')
    .addArgument(userArgument())
    .option(
      '--quota <size>',
      'what the account may hold, such as 500MiB; 0 is without limit',
      rejecting(parseOctets),
    )
    .addOption(passwordStdinOption())
    .addOption(configOption())
    .action(async (name: AccountName, options: AddOptions) => {
      await inOffice(options, office => addUser(office, name, options), 'may-begin')
    })
  return withExamples(command, [
    ['poplar user add ann', 'ask for a password, add the account ann'],
    ['poplar user add ann --quota 2GiB --password-stdin < secret', 'take the password from a file'],
  ])
}

async function addUser(office: Office, name: AccountName, options: AddOptions): Promise<void> {
  const { store, config } = office
  requireLocalDomain(office, name)
  // Asked before the password is: nobody types one in vain.
  if (await store.findAccount(name)) throw new CommandFailure(`there is an account ${name} already`)
  const passwordHash = await hashPassword(await readNewPassword(options), config.auth.argon2)
  const quotaOctets = options.quota ?? config.delivery.quotaOctets
  await store.addAccount({ name, passwordHash, quotaOctets })
  printLine(`added ${name}`)
}

function passwdCommand(): Command {
  const command = new Command('passwd')
    .description('change the password of an account')
    .addArgument(userArgument())
    .addOption(passwordStdinOption())
    .addOption(configOption())
    .action(async (name: AccountName, options: ConfigOptions & PasswordOptions) => {
      await inOffice(options, async office => {
        await requireAccount(office, name)
        const passwordHash = await hashPassword(await readNewPassword(options), office.config.auth.argon2)
        await office.store.setPasswordHash(name, passwordHash)
        printLine(`changed the password of ${name}`)
      })
    })
  return withExamples(command, [['poplar user passwd ann', 'ask for a new password']])
}

function quotaCommand(): Command {
  const command = new Command('quota')
    .description('change what an account may hold')
    .addArgument(userArgument())
    .argument('<size>', 'such as 500MiB; 0 is without limit', rejecting(parseOctets))
    .addOption(configOption())
    .action(async (name: AccountName, quotaOctets: number, options: ConfigOptions) => {
      await inOffice(options, async ({ store }) => {
        await store.setQuota(name, quotaOctets)
        printLine(
          quotaOctets === 0 ? `${name} has no limit` : `${name} may hold ${formatOctets(quotaOctets)}`,
        )
      })
    })
  return withExamples(command, [
    ['poplar user quota ann 2GiB', 'let ann keep 2 GiB'],
    ['poplar user quota ann 0', 'let ann keep any amount'],
  ])
}

interface RemoveOptions extends ConfigOptions {
  readonly yes?: boolean
}

function removeCommand(): Command {
  const command = new Command('remove')
    .description('remove an account, its aliases and all its mail')
    .addArgument(userArgument())
    .option('--yes', 'do not ask')
    .addOption(configOption())
    .action(async (name: AccountName, options: RemoveOptions) => {
      await inOffice(options, async office => {
        const { usedMessages } = await requireAccount(office, name)
        const question = `Remove ${name} and ${countOf(usedMessages, 'message')} for good?`
        if (!options.yes && !(await confirm(question, '--yes')))
          throw new CommandFailure('nothing was removed')
        await office.store.removeAccount(name)
        printLine(`removed ${name} and ${countOf(usedMessages, 'message')}`)
      })
    })
  return withExamples(command, [
    ['poplar user remove ann', 'ask, then remove ann and all her mail'],
    ['poplar user remove ann --yes', 'remove without asking'],
  ])
}

/** An account as `list --json` shows it: everything but the password's hash. */
interface ListedAccount extends Omit<Account, 'id' | 'passwordHash' | 'inboxId'> {
  readonly hasPassword: boolean
}

function listCommand(): Command {
  const command = new Command('list')
    .description('list the accounts')
    .addOption(jsonOption())
    .addOption(configOption())
    .action(async (options: ConfigOptions & JsonOptions) => {
      await inOffice(options, async ({ store }) => {
        const accounts = await store.listAccounts()
        printRows(accounts.map(listed), columns, options)
      })
    })
  return withExamples(command, [
    ['poplar user list', 'print a table'],
    ['poplar user list --json', 'print an array of objects'],
  ])
}

const columns: readonly Column<ListedAccount>[] = [
  { title: 'user', cell: account => account.name },
  { title: 'messages', cell: account => account.usedMessages, align: 'right' },
  { title: 'used', cell: account => formatOctets(account.usedOctets), align: 'right' },
  { title: 'quota', cell: account => formatQuota(account.quotaOctets), align: 'right' },
  { title: 'password', cell: account => (account.hasPassword ? 'yes' : 'no') },
  { title: 'since', cell: account => formatTime(account.createdAt) },
]

function listed({
  name,
  passwordHash,
  quotaOctets,
  usedOctets,
  usedMessages,
  createdAt,
}: Account): ListedAccount {
  return { name, quotaOctets, usedOctets, usedMessages, hasPassword: passwordHash !== undefined, createdAt }
}

function formatQuota(quotaOctets: number): string {
  return quotaOctets === 0 ? 'no limit' : formatOctets(quotaOctets)
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
