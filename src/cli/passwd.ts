// `poplar user passwd`, and what else sets passwords: asks for one, says what keeping it means, gives what is kept.
import { Command, Option } from 'commander'
import { scramSettingOf, storePassword } from '../auth/stored-password.ts'
import type { Config } from '../config.ts'
import { type Account, type AccountName, keptElsewhere } from '../mail/account.ts'
import type { StoredPassword } from '../mail/account-registry.ts'
import { type ConfigOptions, configOption, userArgument, withExamples } from './arguments.ts'
import { CommandFailure } from './failure.ts'
import { inOffice, type Office, requireAccount, secretBox } from './office.ts'
import { printLine } from './output.ts'
import { type PasswordOptions, passwordStdinOption, readNewPassword } from './terminal.ts'

export function passwdCommand(): Command {
  const command = new Command('passwd')
    .description('change the password of an account')
    .addArgument(userArgument())
    .addOption(recoverableOption())
    .addOption(new Option('--not-recoverable', 'no longer keep the password itself').conflicts('recoverable'))
    .addOption(passwordStdinOption())
    .addOption(configOption())
    .action(async (name: AccountName, options: PasswdOptions) => {
      await inOffice(options, office => changePassword(office, name, options))
    })
    .addHelpText('after', helpOnRecoverable)
  return withExamples(command, [
    ['poplar user passwd ann', 'ask for a new password, kept as the old one was'],
    ['poplar user passwd fax --recoverable', 'let fax log in by CRAM-MD5 and APOP as well'],
    ['poplar user passwd fax --not-recoverable', 'let it no longer'],
  ])
}

interface PasswdOptions extends ConfigOptions, PasswordOptions {
  readonly recoverable?: boolean
  readonly notRecoverable?: boolean
}

export function recoverableOption(): Option {
  return new Option('--recoverable', 'keep the password itself too, encrypted, for CRAM-MD5 and APOP')
}

const helpOnRecoverable = `
CRAM-MD5 and APOP need the password itself. With --recoverable it is kept, encrypted with
the key in the file that \`key_file\` names in [auth], by default secret.key in the data
folder: who has both that file and the database has the password. Keep copies of the two
apart, and prefer SCRAM, which needs neither. Without either option a password is kept as
the one before it was.`

async function changePassword(office: Office, name: AccountName, options: PasswdOptions): Promise<void> {
  const { store } = office
  const account = await requireAccount(office, name)
  if (account.passwordHash === keptElsewhere)
    throw new CommandFailure(`the password of ${name} is kept where the account comes from; change it there`)
  const isRecoverable = account.sealedPassword !== undefined && !options.notRecoverable
  const recoverable = options.recoverable ?? isRecoverable
  await store.setPassword(name, await newPassword(office, account, { ...options, recoverable }))
  printLine(`changed the password of ${name}`)
}

/** Asks for a password, and says first what keeping it means; gives what is to be kept. */
export async function newPassword(
  office: Office,
  account: Pick<Account, 'name'> & Partial<Account>,
  { recoverable = false, ...options }: PasswdOptions,
): Promise<StoredPassword> {
  const { config, store } = office
  const box = recoverable ? await secretBox(office) : undefined
  if (recoverable) for (const line of onRecoverable(account.name, config)) printLine(line)
  const password = await readNewPassword(options)
  const { argon2: cost, scramIterations } = config.auth
  const owned = account.id === undefined ? [] : await store.listAppPasswords(account.id)
  return storePassword(password, {
    cost,
    scramIterations,
    // App passwords cannot be made anew: what they were made with stays.
    ...(scramSettingOf(owned) ?? saltOf(account)),
    ...(box && { box, owner: account.name }),
  })
}

function saltOf({ scramKeys = [] }: Partial<Account>): { readonly salt?: Uint8Array } {
  const setting = scramSettingOf([{ scramKeys }])
  return setting ? { salt: setting.salt } : {}
}

function onRecoverable(name: AccountName, { auth }: Config): readonly string[] {
  const lines = [
    `The password of ${name} is kept for CRAM-MD5 and APOP, which need the password itself: encrypted with the key in`,
    `${auth.keyFile}. Who has both that file and the database has the password; prefer SCRAM, which needs neither.`,
  ]
  const isOfSecrets = (mechanism: string) => mechanism === 'CRAM-MD5' || mechanism === 'APOP'
  if (auth.mechanisms && !auth.mechanisms.some(isOfSecrets))
    lines.push(
      'Neither of the two is among the `mechanisms` of [auth]: as it is, the password is kept for nothing.',
    )
  return lines
}
