// Examines what the store holds: that it opens, that every octet is as it was recorded, and who can receive.
import { readdir } from 'node:fs/promises'
import type { Config } from '../../config.ts'
import { domainOf } from '../../mail/account-name.ts'
import type { Store } from '../../mail/store.ts'
import { openStore } from '../../store/open-store.ts'
import type { Finding } from './finding.ts'
import { examineSealedPasswords } from './sealed-passwords.ts'

export async function examineStore(config: Config): Promise<Finding[]> {
  const what = 'stored mail'
  const files = await readdir(config.data).catch(() => [])
  if (files.length === 0) return [{ what, state: 'note', finding: 'none yet' }]
  try {
    const store = await openStore({ folder: config.data, writer: 'inline' })
    try {
      return [...(await examineMail(store)), ...(await examineUsers(store, config))]
    } finally {
      await store.close()
    }
  } catch (error) {
    return [{ what, state: 'wrong', finding: error instanceof Error ? error.message : String(error) }]
  }
}

async function examineMail(store: Store): Promise<Finding[]> {
  const { faults, messages, contents } = await store.checkIntegrity()
  if (faults.length > 0) return faults.map(finding => ({ what: 'stored mail', state: 'wrong', finding }))
  const finding = `${messages} messages in ${contents} contents, all as recorded`
  return [{ what: 'stored mail', state: 'well', finding }]
}

/** Accounts and aliases that no mail can reach. */
async function examineUsers(store: Store, config: Config): Promise<Finding[]> {
  const { domains } = config
  const accounts = await store.listAccounts()
  if (accounts.length === 0)
    return [{ what: 'users', state: 'note', finding: 'none yet; poplar user add NAME makes one' }]
  const notes: string[] = []
  for (const { name, passwordHash, isDisabled, quotaOctets, usedOctets } of accounts) {
    if (passwordHash === undefined) notes.push(`${name} has no password: poplar user passwd ${name} sets one`)
    if (isDisabled) notes.push(`${name} is disabled: poplar user enable ${name} lets its user in again`)
    if (quotaOctets > 0 && usedOctets >= quotaOctets) notes.push(`${name} is over quota and receives nothing`)
  }
  const addresses = [
    ...accounts.map(({ name }) => name),
    ...(await store.listAliases()).map(({ address }) => address),
  ]
  for (const address of new Set(addresses)) {
    const domain = domainOf(address)
    if (domain !== undefined && !domains.includes(domain))
      notes.push(`${address} receives nothing: ${domain} is not in \`domains\``)
  }
  return [
    { what: 'users', state: 'well', finding: String(accounts.length) },
    ...notes.map(finding => ({ what: 'users', state: 'note', finding }) as const),
    ...examineSealedPasswords(accounts, config),
  ]
}
