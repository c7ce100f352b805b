// `poplar user`: who has an account here.
import { Command } from 'commander'
import { parseOctets } from '../config.ts'
import { type Account, type AccountName, keptElsewhere } from '../mail/account.ts'
import {
  type ConfigOptions,
  configOption,
  type JsonOptions,
  jsonOption,
  rejecting,
  userArgument,
  withExamples,
} from './arguments.ts'
import { CommandFailure, exitCodes } from './failure.ts'
import {
  accountSettingsOptions,
  formatSettings,
  type SettingsOptions,
  settingsChange,
} from './maildrop-settings.ts'
import { inOffice, type Office, requireAccount, requireLocalDomain } from './office.ts'
import { type Column, formatOctets, formatTime, printLine, printRows } from './output.ts'
import { newPassword, passwdCommand, recoverableOption } from './passwd.ts'
import { confirm, type PasswordOptions, passwordStdinOption } from './terminal.ts'

export function userCommand(): Command {
  return new Command('user')
    .description('add, change, remove and list accounts')
    .addCommand(addCommand())
    .addCommand(passwdCommand())
    .addCommand(switchCommand('disable'))
    .addCommand(switchCommand('enable'))
    .addCommand(quotaCommand())
    .addCommand(setCommand())
    .addCommand(removeCommand())
    .addCommand(listCommand())
}

interface AddOptions extends ConfigOptions, PasswordOptions {
  readonly quota?: number
  readonly recoverable?: boolean
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
    .addOption(recoverableOption())
    .addOption(passwordStdinOption())
    .addOption(configOption())
    .action(async (name: AccountName, options: AddOptions) => {
      await inOffice(options, office => addUser(office, name, options), { mayBegin: true })
    })
  return withExamples(command, [
    ['poplar user add ann', 'ask for a password, add the account ann'],
    ['poplar user add ann --quota 2GiB --password-stdin < secret', 'take the password from a file'],
    ['poplar user add fax --recoverable', 'for a device that knows only CRAM-MD5 or APOP'],
  ])
}

async function addUser(office: Office, name: AccountName, options: AddOptions): Promise<void> {
  const { store, config } = office
  requireLocalDomain(office, name)
  // Asked before the password is: nobody types one in vain.
  if (await store.findAccount(name)) throw new CommandFailure(`there is an account ${name} already`)
  const stored = await newPassword(office, { name }, options)
  const quotaOctets = options.quota ?? config.delivery.quotaOctets
  await store.addAccount({ name, quotaOctets, ...stored })
  printLine(`added ${name}`)
}

/** `disable` or `enable`. */
function switchCommand(verb: 'disable' | 'enable'): Command {
  const isDisabled = verb === 'disable'
  const command = new Command(verb)
    .description(
      isDisabled ? 'let nobody log in to an account; mail still comes in' : 'let its user log in again',
    )
    .addArgument(userArgument())
    .addOption(configOption())
    .action(async (name: AccountName, options: ConfigOptions) => {
      await inOffice(options, async ({ store }) => {
        await store.setDisabled(name, isDisabled)
        printLine(
          isDisabled ? `disabled ${name}; sessions that are open end as they would` : `enabled ${name}`,
        )
      })
    })
  return withExamples(command, [
    [`poplar user ${verb} ann`, isDisabled ? 'refuse every login of ann' : 'let ann in again'],
  ])
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

function setCommand(): Command {
  const command = new Command('set')
    .description('change what the maildrop of an account is like; what is not named stays')
    .addArgument(userArgument())
    .addOption(configOption())
    .action(async (name: AccountName, options: ConfigOptions & SettingsOptions) => {
      const change = settingsChange(options)
      if (Object.keys(change).length === 0)
        throw new CommandFailure('name what is to change', exitCodes.usage)
      await inOffice(options, async office => {
        await office.store.changeSettings(name, change)
        const { settings } = await requireAccount(office, name)
        printLine(`${name}: ${formatSettings(settings)}, from the next session on`)
      })
    })
  for (const option of accountSettingsOptions()) command.addOption(option)
  return withExamples(command, [
    ['poplar user set ann --view inbox+junk', 'show ann her spam too, with a marked Subject'],
    ['poplar user set ann --on-delete trash', 'move what ann deletes by POP3 to Trash'],
    ['poplar user set ann --login-delay 5m', 'let ann log in once in five minutes'],
    ['poplar user set ann --view default', 'see what the configuration says'],
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
        await office.store.removeAccount(name, operatorName())
        printLine(`removed ${name} and ${countOf(usedMessages, 'message')}`)
      })
    })
  return withExamples(command, [
    ['poplar user remove ann', 'ask, then remove ann and all her mail'],
    ['poplar user remove ann --yes', 'remove without asking'],
  ])
}

/** Who removes an account, for the audit. */
function operatorName(): string {
  return `poplar user remove by uid ${process.getuid?.() ?? 'unknown'}`
}

/** An account as `list --json` shows it: everything but what is kept of its password. */
interface ListedAccount
  extends Omit<Account, 'id' | 'passwordHash' | 'scramKeys' | 'sealedPassword' | 'inboxId'> {
  readonly hasPassword: boolean
  /** Whether SCRAM works: keys are made when a password is set, or at the next login with it. */
  /** The account comes from another source, which has its password. */
  readonly isKeptElsewhere: boolean
  readonly hasScramKeys: boolean
  /** Whether CRAM-MD5 and APOP work. */
  readonly isRecoverable: boolean
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
  { title: 'state', cell: account => (account.isDisabled ? 'disabled' : 'enabled') },
  { title: 'password', cell: formatPassword },
  { title: 'maildrop', cell: account => formatSettings(account.settings) },
  { title: 'since', cell: account => formatTime(account.createdAt) },
]

function listed({ passwordHash, scramKeys, sealedPassword, ...account }: Account): ListedAccount {
  return {
    name: account.name,
    quotaOctets: account.quotaOctets,
    usedOctets: account.usedOctets,
    usedMessages: account.usedMessages,
    isDisabled: account.isDisabled,
    hasPassword: passwordHash !== undefined,
    isKeptElsewhere: passwordHash === keptElsewhere,
    hasScramKeys: scramKeys.length > 0,
    isRecoverable: sealedPassword !== undefined,
    createdAt: account.createdAt,
    settings: account.settings,
  }
}

/** How the password is kept. */
function formatPassword({
  hasPassword,
  isKeptElsewhere,
  hasScramKeys,
  isRecoverable,
}: ListedAccount): string {
  if (isKeptElsewhere) return 'elsewhere'
  if (!hasPassword) return 'none'
  return ['hash', hasScramKeys && 'SCRAM', isRecoverable && 'recoverable'].filter(Boolean).join(', ')
}

function formatQuota(quotaOctets: number): string {
  return quotaOctets === 0 ? 'no limit' : formatOctets(quotaOctets)
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
