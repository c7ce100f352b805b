// How long messages stay: rules of the configuration, and what the account says instead for its INBOX. Pure; what EXPIRE
// announces follows from the same rules that housekeeping works by. RFC 2449 section 6.7.
import { inboxName, sameFolder } from './folder-name.ts'

/**
 * One rule. What of `olderThanMs`, `afterFetchMs` and `largerThanOctets` it names must all hold for a message to go. Of
 * `maxMessages` and `maxOctets` each is a limit to the folder: the oldest go until it is met.
 */
export interface RetentionRule {
  /** The name of a folder, or `*` for every folder without a rule of its own. */
  readonly folder: string
  /** Since it came in. */
  readonly olderThanMs?: number
  /** Since it was first retrieved; 0 is at QUIT. */
  readonly afterFetchMs?: number
  /** Only together with one of the ages. */
  readonly largerThanOctets?: number
  readonly maxMessages?: number
  readonly maxOctets?: number
}

/** What the account has instead of the rules for its INBOX: days from arrival, 0 for until retrieved, or none. */
export type ExpireDays = number | 'never'

/** The part of an account's settings that counts here. */
export interface OwnRetention {
  readonly expireDays?: ExpireDays
}

const dayMs = 86_400_000

/** The rules that hold for a folder of an account. */
export function rulesFor(
  rules: readonly RetentionRule[],
  settings: OwnRetention,
  folder: string,
): readonly RetentionRule[] {
  const { expireDays } = settings
  if (expireDays !== undefined && sameFolder(folder, inboxName)) {
    if (expireDays === 'never') return []
    return [
      expireDays === 0
        ? { folder: inboxName, afterFetchMs: 0 }
        : { folder: inboxName, olderThanMs: expireDays * dayMs },
    ]
  }
  const own = rules.filter(rule => sameFolder(rule.folder, folder))
  return own.length > 0 ? own : rules.filter(rule => rule.folder === '*')
}

/** The argument of EXPIRE: whole days that every message stays at least, or `never`. */
export type Expire = number | 'never'

/**
 * What EXPIRE may promise of a folder. Undefined: nothing, for a limit of the folder may take a message at any time; then
 * it is not announced.
 */
export function expireOf(
  rules: readonly RetentionRule[],
  settings: OwnRetention,
  folder: string = inboxName,
): Expire | undefined {
  const held = rulesFor(rules, settings, folder)
  if (held.some(({ maxMessages, maxOctets }) => maxMessages !== undefined || maxOctets !== undefined))
    return undefined
  if (held.length === 0) return 'never'
  return Math.min(...held.map(daysOf))
}

/**
 * Whether a message goes at QUIT because it was retrieved, as EXPIRE 0 says: then what a session retrieved counts as
 * deleted by it. A rule for large messages alone does not: a client could not tell which went.
 */
export function deletesRetrieved(
  rules: readonly RetentionRule[],
  settings: OwnRetention,
  folder: string = inboxName,
): boolean {
  return rulesFor(rules, settings, folder).some(
    ({ afterFetchMs, olderThanMs, largerThanOctets }) =>
      afterFetchMs === 0 && olderThanMs === undefined && largerThanOctets === undefined,
  )
}

/** Whether it matters to any rule when a message of the folder was retrieved. */
export function asksForRetrieval(
  rules: readonly RetentionRule[],
  settings: OwnRetention,
  folder: string = inboxName,
): boolean {
  return rulesFor(rules, settings, folder).some(({ afterFetchMs }) => afterFetchMs !== undefined)
}

/** Both ages must have passed, so the longer one counts; it never rounds up, for clients rely on it. */
function daysOf({ olderThanMs = 0, afterFetchMs = 0 }: RetentionRule): number {
  return Math.floor(Math.max(olderThanMs, afterFetchMs) / dayMs)
}
