// Who receives at an address. The most exact name wins: the whole address, its local part at every local domain, the
// same two without sub-address (RFC 5233), the catch-all of the domain. At each step an account comes before an alias.
import type { Account } from '../account.ts'
import type { AccountDirectory } from '../account-directory.ts'
import { foldDomain, foldName } from '../fold.ts'
import type { MailAddress } from '../message/address.ts'

export interface ResolveOptions {
  readonly directory: AccountDirectory
  /** In the form of `foldDomain`. */
  readonly localDomains: ReadonlySet<string>
  /** Parts `local` from `detail` in `local+detail`; '' for none. */
  readonly subaddressSeparator: string
}

/** The local domains of a configuration as `resolveAddress` wants them. */
export function foldDomains(domains: Iterable<string>): ReadonlySet<string> {
  return new Set(Array.from(domains, foldDomain))
}

/** Who receives at an address. */
export interface Receivers {
  /** Each once; empty when nobody receives there. */
  readonly accounts: readonly Account[]
  /** The sub-address, folded, where they receive at the address without it. */
  readonly detail: string | undefined
  /** An alias or a catch-all leads to them, not their own name. */
  readonly byAlias: boolean
}

/** Undefined for a foreign domain. */
export async function resolveAddress(
  address: MailAddress,
  options: ResolveOptions,
): Promise<Receivers | undefined> {
  if (address.domain !== undefined && !options.localDomains.has(address.domain)) return undefined
  for (const { name, detail } of candidates(address, options)) {
    const account = name.startsWith('@') ? undefined : await options.directory.findAccount(name)
    if (account) return { accounts: [account], detail, byAlias: false }
    const accounts = await options.directory.findAlias(name)
    if (accounts.length > 0) return { accounts, detail, byAlias: true }
  }
  return { accounts: [], detail: undefined, byAlias: false }
}

/** A name to look for, and the sub-address it goes without. */
interface Candidate {
  readonly name: string
  readonly detail: string | undefined
}

/** The names to look for, most exact first. A quoted local part with an `@` in it is never taken for an address. */
function candidates({ localPart, domain }: MailAddress, options: ResolveOptions): Candidate[] {
  const { subaddressSeparator: separator, localDomains } = options
  const found: Candidate[] = []
  const local = foldName(localPart)
  const detailAt = separator === '' ? -1 : local.indexOf(separator)
  const parts: Candidate[] = [{ name: local, detail: undefined }]
  if (detailAt > 0)
    parts.push({ name: local.slice(0, detailAt), detail: local.slice(detailAt + separator.length) })
  for (const { name, detail } of parts) {
    if (domain !== undefined) found.push({ name: `${name}@${domain}`, detail })
    if (!name.includes('@')) found.push({ name, detail })
  }
  if (domain !== undefined) found.push({ name: `@${domain}`, detail: undefined })
  // RFC 5321 section 4.1.1.3: `<postmaster>` without a domain is some postmaster of ours.
  else if (local === 'postmaster')
    for (const ours of localDomains) found.push({ name: `postmaster@${ours}`, detail: undefined })
  return found
}
