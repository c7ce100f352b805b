// The office as one-shot commands see it: the configuration and the store, opened beside a server that may be running.
import { existsSync, readdirSync } from 'node:fs'
import { createSecretBox, type SecretBox } from '../auth/sealed-secret.ts'
import { ensureSecretKey, readSecretKey } from '../auth/secret-key.ts'
import { type Config, loadConfig } from '../config.ts'
import type { Account, AccountName } from '../mail/account.ts'
import { domainOf } from '../mail/account-name.ts'
import { Refusal } from '../mail/errors.ts'
import type { Store } from '../mail/store.ts'
import { openStore, type StoreOptions } from '../store/open-store.ts'
import type { ConfigOptions } from './arguments.ts'
import { CommandFailure, exitCodes } from './failure.ts'

export interface Office {
  readonly config: Config
  readonly store: Store
}

export interface OfficeNeeds {
  /** Whether the command may begin an office; else it only works in one that is there. */
  readonly mayBegin?: boolean
  /** See `StoreOptions`. Default `inline`. */
  readonly writer?: StoreOptions['writer']
}

/**
 * Opens the office for one piece of work, beside a server if there is one, and closes it however the work ends. Refuses
 * with `store-unusable` where there is none: in a wrong folder, or before its disk is mounted, an office made on the way
 * would have no users, and mail to them would bounce.
 */
export async function inOffice<T>(
  options: ConfigOptions,
  work: (office: Office) => Promise<T>,
  { mayBegin = false, writer = 'inline' }: OfficeNeeds = {},
): Promise<T> {
  const config = loadConfig(options.config)
  if (!mayBegin && !holdsAnything(config.data)) throw noOffice(config)
  const office = { config, store: await openStore({ folder: config.data, writer, server: false }) }
  try {
    return await work(office)
  } finally {
    await office.store.close()
  }
}

function holdsAnything(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).length > 0
}

function noOffice({ data, file = 'no configuration file' }: Config): Refusal {
  const makers = '`poplar serve` and `poplar user add` make one'
  return new Refusal('store-unusable', `there is no office in ${data} (${file}); ${makers}`)
}

/** The account of that name. Refuses with `no-such-account`. */
export async function requireAccount({ store }: Office, name: AccountName): Promise<Account> {
  const account = await store.findAccount(name)
  if (!account) throw new Refusal('no-such-account', `there is no account ${name}`)
  return account
}

/**
 * What seals recoverable passwords. A key is made only as long as none is needed: where passwords are sealed already,
 * another key would not open them.
 */
export async function secretBox({ config, store }: Office): Promise<SecretBox> {
  const { keyFile } = config.auth
  const { someAreSealed } = await store.surveyPasswords()
  if (!someAreSealed) return createSecretBox(ensureSecretKey(keyFile))
  try {
    return createSecretBox(readSecretKey(keyFile))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const remedy = 'put it in order, or let `poplar user passwd NAME --not-recoverable` forget what it sealed'
    throw new CommandFailure(`${message}; ${remedy}`, exitCodes.failed, { cause: error })
  }
}

/** Fails where the domain of a name or an address, if it has one, is not received for. */
export function requireLocalDomain({ config }: Office, address: string): void {
  const domain = domainOf(address)
  if (domain === undefined || config.domains.includes(domain)) return
  const known = config.domains.join(', ')
  throw new CommandFailure(`${domain} is not a domain of this office (${known}); add it to \`domains\` first`)
}
