// What a login name may mean beside an account: prefixes before a colon, a folder behind the separator of sub-addresses, an
// addressee before the name of a host (docs/views.md). Pure: who looks accounts up takes the first reading whose account is
// there, and an account that has the whole name wins over all of them.

import { foldAddress, foldName } from './fold.ts'
import { folderNameFault } from './folder-name.ts'
import { overlayView, parseTerm, type View } from './view.ts'

export interface LoginNameRules {
  /** Parts a name from a folder, and an addressee from a host; '' for none. */
  readonly separator: string
  /** In the form of `foldDomain`: at them `name@domain` also means the account `name`. */
  readonly localDomains: ReadonlySet<string>
  /** Folded names of accounts that hold the mail of a whole host, for many addressees. */
  readonly hosts: ReadonlySet<string>
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
 * All that a login name may mean beside the account of the very name, most exact first. Empty for nearly all names, for
 * the price of looking for three characters.
 */
export function readLoginName(claimed: string, rules: LoginNameRules): readonly LoginReading[] {
  const { prefixes, whole, parted } = partsOf(claimed, rules)
  return [...whole, ...parted].map(({ accountName, view }) => ({
    accountName,
    // Of two folders, the one beside the name is the nearer.
    view: overlayView(prefixes, view),
  }))
}

/**
 * The account's name without all that may be asked for beside it; undefined for names that ask for nothing. Whoever has no
 * account looks alike by the one and the other, and failures count against it.
 */
export function baseOfLoginName(claimed: string, rules: LoginNameRules): string | undefined {
  const { whole, parted } = partsOf(claimed, rules)
  return (parted[0] ?? whole[0])?.accountName
}

interface NameParts {
  readonly prefixes: View
  /** What stands behind the prefixes, as the name of an account. */
  readonly whole: readonly LoginReading[]
  /** The same, as an account and a part of it. */
  readonly parted: readonly LoginReading[]
}

const noParts: NameParts = { prefixes: {}, whole: [], parted: [] }

function partsOf(claimed: string, rules: LoginNameRules): NameParts {
  const { separator, hosts } = rules
  const hasSeparator = separator !== '' && claimed.includes(separator)
  const mayNameHost = hosts.size > 0 && claimed.includes('@')
  if (!hasSeparator && !mayNameHost && !claimed.includes(':')) return noParts
  const [prefixes, name] = splitPrefixes(claimed)
  if (!prefixes || name === '') return noParts
  const parted = readHost(name, rules) ?? readFolder(name, rules)
  const whole =
    name === claimed ? [] : accountNames(name, rules).map(accountName => ({ accountName, view: {} }))
  return { prefixes, whole, parted }
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

/** `ann+Lists`, `ann+Lists@example.net`: the account in front, its folder behind. */
function readFolder(name: string, rules: LoginNameRules): readonly LoginReading[] {
  const [local, domain] = splitDomain(name)
  const { separator } = rules
  const at = separator === '' ? -1 : local.indexOf(separator, 1)
  const folder = at === -1 ? '' : local.slice(at + separator.length)
  if (folderNameFault(folder)) return []
  const front = local.slice(0, at)
  const view: View = { source: { kind: 'folder', name: folder } }
  const accountName = domain === undefined ? front : `${front}@${domain}`
  return accountNames(accountName, rules).map(accountName => ({ accountName, view }))
}

/**
 * `john+office`, `john@office`, `john@office.example.net`: the mail for john that the account `office` holds, as SDPS had
 * it. Undefined where no such host is known, for which the name then counts as any other.
 */
function readHost(name: string, rules: LoginNameRules): readonly LoginReading[] | undefined {
  const { separator, hosts } = rules
  if (hosts.size === 0) return undefined
  const at = Math.max(name.lastIndexOf('@'), separator === '' ? -1 : name.lastIndexOf(separator))
  const addressee = foldName(name.slice(0, Math.max(at, 0)))
  const host = hostNames(name.slice(at + 1), rules).find(each => hosts.has(each))
  if (host === undefined || addressee === '') return undefined
  return [{ accountName: host, view: { addressee } }]
}

/** A host by its whole name, and by what stands before a domain of ours. */
function hostNames(text: string, { localDomains }: LoginNameRules): readonly string[] {
  const host = foldAddress(text)
  const dot = host.indexOf('.')
  return dot > 0 && localDomains.has(host.slice(dot + 1)) ? [host, host.slice(0, dot)] : [host]
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
