// What a login name may mean beside an account: prefixes before a colon, a folder or an addressee beside the separator of
// sub-addresses (docs/views.md). Pure: who looks accounts up tries the readings in their order, and an account that has the
// whole name wins over all of them.

import { foldAddress, foldName } from './fold.ts'
import { folderNameFault } from './folder-name.ts'
import { overlayView, parseTerm, type View } from './view.ts'

export interface LoginNameRules {
  /** Parts a name from a folder, and an addressee from a host; '' for none. */
  readonly separator: string
  /** In the form of `foldDomain`: at them `name@domain` also means the account `name`. */
  readonly localDomains: ReadonlySet<string>
}

/** One way to read a login name: the account that must be there, and what of it is asked for. */
export interface LoginReading {
  /** As `foldAddress` makes it. */
  readonly accountName: string
  readonly view: View
}

/** More prefixes are no name of ours. */
const maxPrefixes = 4

/**
 * All that a login name may mean beside the account of the very name, most exact first. Empty for nearly all names, at
 * the price of looking for three characters.
 */
export function readLoginName(claimed: string, rules: LoginNameRules): readonly LoginReading[] {
  const { separator } = rules
  const mayNest = claimed.includes(':') || claimed.includes('@')
  if (!mayNest && (separator === '' || !claimed.includes(separator))) return []
  const [prefixes, name] = splitPrefixes(claimed)
  if (!prefixes || name === '') return []
  const readings = [
    ...(name === claimed ? [] : exactReadings(name, rules)),
    ...folderReadings(name, rules),
    ...addresseeReadings(name, rules),
  ]
  return readings.map(({ accountName, view }) => ({ accountName, view: overlayView(view, prefixes) }))
}

/** The view that the prefixes make, and the name behind them; no view when one of them says nothing. */
function splitPrefixes(claimed: string): readonly [View | undefined, string] {
  const parts = claimed.split(':', maxPrefixes + 2)
  const name = parts.pop() ?? ''
  if (parts.length > maxPrefixes) return [undefined, claimed]
  let view: View = {}
  for (const part of parts) {
    const more = parseTerm(part)
    if (!more) return [undefined, claimed]
    view = overlayView(view, more)
  }
  return [view, name]
}

function exactReadings(name: string, rules: LoginNameRules): readonly LoginReading[] {
  return accountNames(name, rules).map(accountName => ({ accountName, view: {} }))
}

/** `ann+Lists`, `ann+Lists@example.net`: the account in front, its folder behind. */
function folderReadings(name: string, rules: LoginNameRules): readonly LoginReading[] {
  const [local, domain] = splitDomain(name)
  const [front, behind] = splitAt(local, rules.separator)
  if (front === undefined || folderNameFault(behind)) return []
  const accountName = domain === undefined ? front : `${front}@${domain}`
  const view: View = { source: { kind: 'folder', name: behind } }
  return accountNames(accountName, rules).map(accountName => ({ accountName, view }))
}

/** `john+office`, `john@office`, `john@office.example.net`: the mail for john that the account `office` holds, as SDPS. */
function addresseeReadings(name: string, rules: LoginNameRules): readonly LoginReading[] {
  const [local, domain] = splitDomain(name)
  if (domain !== undefined) return addresseeOf(local, hostNames(domain, rules))
  const [front, behind] = splitAt(local, rules.separator)
  return front === undefined ? [] : addresseeOf(front, [behind])
}

function addresseeOf(addressee: string, hosts: readonly string[]): readonly LoginReading[] {
  const view: View = { addressee: foldName(addressee) }
  return addressee === '' ? [] : hosts.map(host => ({ accountName: foldAddress(host), view }))
}

/** The accounts that may stand for a host: of its whole name, or of what stands before a domain of ours. */
function hostNames(host: string, { localDomains }: LoginNameRules): readonly string[] {
  const dot = host.indexOf('.')
  const isOurs = dot > 0 && localDomains.has(host.slice(dot + 1).toLowerCase())
  return isOurs ? [host, host.slice(0, dot)] : [host]
}

/** `name@local domain` also means the account `name`. */
function accountNames(text: string, { localDomains }: LoginNameRules): readonly string[] {
  const name = foldAddress(text)
  const at = name.lastIndexOf('@')
  return at > 0 && localDomains.has(name.slice(at + 1)) ? [name, name.slice(0, at)] : [name]
}

function splitDomain(name: string): readonly [local: string, domain: string | undefined] {
  const at = name.lastIndexOf('@')
  return at === -1 ? [name, undefined] : [name.slice(0, at), name.slice(at + 1)]
}

/** At the first separator that has something on both sides. */
function splitAt(local: string, separator: string): readonly [front: string | undefined, behind: string] {
  const at = separator === '' ? -1 : local.indexOf(separator, 1)
  return at === -1 || at + separator.length === local.length
    ? [undefined, '']
    : [local.slice(0, at), local.slice(at + separator.length)]
}
