// `poplar app-password`: passwords for one device or program each, made here, that may do less than the user and are
// revoked without anybody else noticing.
import { Argument, Command, Option } from 'commander'
import { makeAppPassword, storeAppPassword } from '../auth/app-password.ts'
import type { LoginProtocol } from '../auth/login.ts'
import { makeScramSalt, scramSettingOf } from '../auth/stored-password.ts'
import type { AccountName } from '../mail/account.ts'
import type { AppPassword, AppPasswordScope } from '../mail/app-passwords.ts'
import { changeSettings, noSettings } from '../mail/maildrop-settings.ts'
import { parseNetwork } from '../mail/network.ts'
import {
  type ConfigOptions,
  configOption,
  gathering,
  type JsonOptions,
  jsonOption,
  rejecting,
  userArgument,
  withExamples,
} from './arguments.ts'
import { formatSettings, type SettingsOptions, settingsChange, settingsOptions } from './maildrop-settings.ts'
import { inOffice, type Office, requireAccount } from './office.ts'
import { type Column, formatTime, printable, printJson, printLine, printRows } from './output.ts'

export function appPasswordCommand(): Command {
  return new Command('app-password')
    .description('add, list and revoke passwords for single devices and programs')
    .addCommand(addCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand())
}

const protocols = ['pop3', 'imap', 'smtp'] as const satisfies readonly LoginProtocol[]
const maxNameCharacters = 64

function deviceArgument(): Argument {
  return new Argument('<device>', 'what the password is for, such as phone').argParser(rejecting(parseDevice))
}

/** The name in NFC. Throws with a sentence. */
function parseDevice(text: string): string {
  const name = text.normalize('NFC')
  if (name.trim() !== name || name === '') throw new Error('a device has a name without spaces around it')
  if ([...name].length > maxNameCharacters)
    throw new Error(`the name of a device has at most ${maxNameCharacters} characters`)
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u.test(name))
    throw new Error('the name of a device has no control characters')
  return name
}

function parseProtocol(text: string): LoginProtocol {
  const protocol = protocols.find(one => one === text.toLowerCase())
  if (!protocol) throw new Error(`${JSON.stringify(text)} is none of ${protocols.join(', ')}`)
  return protocol
}

function parseRange(text: string): string {
  if (!parseNetwork(text)) throw new Error(`${JSON.stringify(text)} is no range such as 192.0.2.0/24`)
  return text
}

interface AddOptions extends ConfigOptions, JsonOptions, SettingsOptions {
  readonly protocol?: readonly LoginProtocol[]
  readonly readOnly?: boolean
  readonly from?: readonly string[]
}

function addCommand(): Command {
  const command = new Command('add')
    .description('make an app password, and print it this once')
    .addArgument(userArgument())
    .addArgument(deviceArgument())
    .option(
      '--protocol <protocol>',
      `what it may be used for: ${protocols.join(', ')}; may be given several times (default: all)`,
      gathering(parseProtocol),
    )
    .option('--read-only', 'let it delete nothing')
    .option(
      '--from <range>',
      'from which address or range of addresses; may be given several times (default: anywhere)',
      gathering(parseRange),
    )
    .addOption(new Option('--json', 'print JSON instead of sentences'))
    .addOption(configOption())
    .action(async (name: AccountName, device: string, options: AddOptions) => {
      await inOffice(options, office => addAppPassword(office, name, device, options))
    })
  for (const option of settingsOptions()) command.addOption(option)
  return withExamples(command, [
    ['poplar app-password add ann phone', 'make a password for the telephone of ann'],
    [
      'poplar app-password add ann archive --protocol pop3 --read-only --from 192.0.2.0/24',
      'one that may only read, by POP3, from there',
    ],
  ])
}

async function addAppPassword(
  office: Office,
  user: AccountName,
  device: string,
  { protocol = [], readOnly = false, from = [], json = false, ...options }: AddOptions,
): Promise<void> {
  const { store, config } = office
  const account = await requireAccount(office, user)
  const password = makeAppPassword()
  const stored = await storeAppPassword(
    password,
    scramSettingOf([account, ...(await store.listAppPasswords(account.id))]) ?? {
      salt: makeScramSalt(),
      scramIterations: config.auth.scramIterations,
    },
  )
  const scope: AppPasswordScope = {
    protocols: [...new Set(protocol)],
    readOnly,
    networks: [...new Set(from)],
    settings: changeSettings(noSettings, settingsChange(options)),
  }
  await store.addAppPassword(user, { name: device, ...scope, ...stored })
  if (json) return printJson({ user, device, password, ...scope })
  printLine(`added the app password ${device} of ${user}; it is shown this once:`)
  printLine(password)
}

/** An app password as `list --json` shows it: everything but what is kept of the password. */
interface ListedAppPassword extends Omit<AppPassword, 'id' | 'name' | 'passwordHash' | 'scramKeys'> {
  readonly device: string
}

function listCommand(): Command {
  const command = new Command('list')
    .description('list the app passwords of an account, with their last use')
    .addArgument(userArgument())
    .addOption(jsonOption())
    .addOption(configOption())
    .action(async (name: AccountName, options: ConfigOptions & JsonOptions) => {
      await inOffice(options, async office => {
        const { id } = await requireAccount(office, name)
        printRows((await office.store.listAppPasswords(id)).map(listed), columns, options)
      })
    })
  return withExamples(command, [
    ['poplar app-password list ann', 'print a table'],
    ['poplar app-password list ann --json', 'print an array of objects'],
  ])
}

function listed(appPassword: AppPassword): ListedAppPassword {
  const { name, protocols, readOnly, networks, settings, createdAt, lastUsedAt, lastUsedFrom } = appPassword
  return { device: name, protocols, readOnly, networks, settings, createdAt, lastUsedAt, lastUsedFrom }
}

const columns: readonly Column<ListedAppPassword>[] = [
  { title: 'device', cell: ({ device }) => device },
  { title: 'protocols', cell: ({ protocols }) => protocols.join(', ') || 'all' },
  { title: 'may', cell: ({ readOnly }) => (readOnly ? 'read' : 'read, delete') },
  { title: 'maildrop', cell: ({ settings }) => formatSettings(settings) },
  { title: 'from', cell: ({ networks }) => networks.join(', ') || 'anywhere' },
  { title: 'last used', cell: formatLastUse },
  { title: 'since', cell: ({ createdAt }) => formatTime(createdAt) },
]

function formatLastUse({ lastUsedAt, lastUsedFrom }: ListedAppPassword): string {
  return lastUsedAt ? `${formatTime(lastUsedAt)} from ${lastUsedFrom ?? 'nowhere'}` : 'never'
}

function revokeCommand(): Command {
  const command = new Command('revoke')
    .description('let a device in no longer; a session that is open ends as it would')
    .addArgument(userArgument())
    .addArgument(deviceArgument())
    .addOption(configOption())
    .action(async (name: AccountName, device: string, options: ConfigOptions) => {
      await inOffice(options, async ({ store }) => {
        await store.revokeAppPassword(name, device)
        printLine(`revoked the app password ${printable(device)} of ${name}`)
      })
    })
  return withExamples(command, [['poplar app-password revoke ann phone', 'the telephone was lost']])
}
