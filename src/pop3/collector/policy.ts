// What an owner wants of a source: which messages, how many, and what becomes of them there.
import type { HeaderRule } from '../../mail/delivery/header-rule.ts'

/** What stays at the source: all; nothing that is stored; what was stored fewer days ago. */
export type Keep = 'all' | 'none' | { readonly days: number }

export interface CollectPolicy {
  readonly keep: Keep
  /** Larger messages stay where they are. */
  readonly maxOctets?: number | undefined
  /** Whether the destinations are told of a message that is too large. */
  readonly tellsOfLarge?: boolean | undefined
  /** Messages of one run; the others wait for the next. */
  readonly batch?: number | undefined
  /** Messages after which deletions are committed, in a session of their own. */
  readonly commitEvery: number
  /** On the first run, what came before is left alone. */
  readonly since?: Date | undefined
  /** On the first run, all but the newest are left alone. */
  readonly newest?: number | undefined
  /** Messages with such a field are left alone. */
  readonly skips: readonly HeaderRule[]
}

export const defaultPolicy: CollectPolicy = { keep: 'all', commitEvery: 100, skips: [] }

/** Times that a message may fail before it waits for a person. */
export const maxFailures = 5
/** A message is forgotten when it was absent in so many sessions, and for so many days. */
export const absence = { sessions: 3, days: 14 }
/** Logins in a row that may be refused before nobody tries any more: more would lock the account. */
export const maxLoginFailures = 3
/** RFC 5321 section 6.3: more of these is a loop. */
export const maxReceivedFields = 100

const dayMs = 86_400_000

/** Whether a message that is stored since then may be deleted at its source now. */
export function mayDelete(keep: Keep, storedAt: Date, now: Date): boolean {
  if (keep === 'all') return false
  return keep === 'none' || now.getTime() - storedAt.getTime() >= keep.days * dayMs
}

/** Why a message of that date is not wanted on a first run; undefined when it is. */
export function tooEarly(date: Date | undefined, { since }: CollectPolicy): string | undefined {
  return since && date && date < since ? `came before ${since.toISOString().slice(0, 10)}` : undefined
}

export function daysBetween(from: Date, to: Date): number {
  return (to.getTime() - from.getTime()) / dayMs
}
