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

/** The accounts behind an address, each once; empty when nobody receives there; undefined for a foreign domain. */
export async function resolveAddress(
  address: MailAddress,
  options: ResolveOptions,
): Promise<readonly Account[] | undefined> {
  if (address.domain !== undefined && !options.localDomains.has(address.domain)) return undefined
  for (const name of candidates(address, options)) {
    const account = name.startsWith('@') ? undefined : await options.directory.findAccount(name)
    if (account) return [account]
    const behindAlias = await options.directory.findAlias(name)
    if (behindAlias.length > 0) return behindAlias
  }
  return []
}

/** The names to look for, most exact first. A quoted local part with an `@` in it is never taken for an address. */
function candidates({ localPart, domain }: MailAddress, options: ResolveOptions): string[] {
  const { subaddressSeparator: separator, localDomains } = options
  const names: string[] = []
  const local = foldName(localPart)
  const detailAt = separator === '' ? -1 : local.indexOf(separator)
  for (const part of detailAt > 0 ? [local, local.slice(0, detailAt)] : [local]) {
    if (domain !== undefined) names.push(`${part}@${domain}`)
    if (!part.includes('@')) names.push(part)
  }
  if (domain !== undefined) names.push(`@${domain}`)
  // RFC 5321 section 4.1.1.3: `<postmaster>` without a domain is some postmaster of ours.
  else if (local === 'postmaster') for (const ours of localDomains) names.push(`postmaster@${ours}`)
  return names
}
