// The office as one-shot commands see it: the configuration and the store, opened beside a server that may be running.
import { type Config, loadConfig } from '../config.ts'
import type { Account, AccountName } from '../mail/account.ts'
import { domainOf } from '../mail/account-name.ts'
import { Refusal } from '../mail/errors.ts'
import type { Store } from '../mail/store.ts'
import { openStore } from '../store/open-store.ts'
import type { ConfigOptions } from './arguments.ts'
import { CommandFailure } from './failure.ts'

export interface Office {
  readonly config: Config
  readonly store: Store
}

/** Reads the configuration and opens the store of its data folder. Writes happen in this process. */
export async function openOffice(options: ConfigOptions): Promise<Office> {
  const config = loadConfig(options.config)
  return { config, store: await openStore({ folder: config.data, writer: 'inline' }) }
}

/** Opens the office for one piece of work, and closes it however the work ends. */
export async function inOffice<T>(options: ConfigOptions, work: (office: Office) => Promise<T>): Promise<T> {
  const office = await openOffice(options)
  try {
    return await work(office)
  } finally {
    await office.store.close()
  }
}

/** The account of that name. Refuses with `no-such-account`. */
export async function requireAccount({ store }: Office, name: AccountName): Promise<Account> {
  const account = await store.findAccount(name)
  if (!account) throw new Refusal('no-such-account', `there is no account ${name}`)
  return account
}

/** Fails where the domain of a name or an address, if it has one, is not received for. */
export function requireLocalDomain({ config }: Office, address: string): void {
  const domain = domainOf(address)
  if (domain === undefined || config.domains.includes(domain)) return
  const known = config.domains.join(', ')
  throw new CommandFailure(`${domain} is not a domain of this office (${known}); add it to \`domains\` first`)
}
