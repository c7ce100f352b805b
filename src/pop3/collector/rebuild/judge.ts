// What becomes of one message in a ledger that is made anew. Where nothing is certain, it is taken for one that is not there:
// better twice than never.
import type { CollectedRecord } from '../../../mail/collection-ledger.ts'
import type { Destination } from '../destination.ts'
import type { Keyed } from '../plan.ts'
import { newRecord } from '../record.ts'
import type { Match, Recognition } from './recognition.ts'

/** What a person believes without proof. */
export interface RebuildTrust {
  /** That a message with the same header is the same message. */
  readonly headers: boolean
  /** What can still be read of the old ledger. */
  readonly ledger: boolean
  /** That destinations which cannot be read have what those have that can. */
  readonly others: boolean
}

/**
 * `found`: every destination has it; `partly`: some have, the others get it; `kept`: it was left alone, or another program had
 * it, and stays so; `missing`: no destination has it; `uncertain`: one may have it, and gets it again.
 */
export type Verdict = 'found' | 'partly' | 'kept' | 'missing' | 'uncertain'

export interface Examined {
  readonly key: string
  readonly verdict: Verdict
  /** Why it is uncertain, or left alone now, in a sentence. */
  readonly reason: string | undefined
  /** Those that have it. */
  readonly destinations: readonly string[]
  /** The old ledger says that it is stored, and is not believed. */
  readonly wasStored: boolean
}

export interface Judged {
  readonly examined: Examined
  /** Undefined where the new ledger knows nothing of it. */
  readonly record: CollectedRecord | undefined
}

export interface JudgeOptions {
  readonly source: string
  /** In the order in which they are delivered to. */
  readonly destinations: readonly Pick<Destination, 'name'>[]
  /** Of those that could be read. */
  readonly recognitions: readonly Recognition[]
  /** What can be read of the old ledger, by key. */
  readonly old: ReadonlyMap<string, CollectedRecord>
  readonly trust: RebuildTrust
  readonly now: Date
}

export class Judge {
  readonly #options: JudgeOptions
  readonly #byName: ReadonlyMap<string, Recognition>

  constructor(options: JudgeOptions) {
    this.#options = options
    this.#byName = new Map(options.recognitions.map(each => [each.name, each]))
  }

  judge({ key }: Keyed): Judged {
    const { old, trust } = this.#options
    const before = old.get(key)
    if (before && isDecided(before)) return judgedAs('kept', present(before))
    if (before && trust.ledger && isStored(before)) return judgedAs('found', present(before))
    const owners = this.#ownersOf(key, before)
    const { verdict, reason } = this.#verdictOf(key, owners)
    const wasStored = verdict !== 'found' && before !== undefined && isStored(before)
    const examined = { key, verdict, reason, destinations: owners, wasStored }
    if (owners.length === 0) return { examined, record: undefined }
    return { examined, record: this.#recordOf(key, owners, verdict === 'found', before) }
  }

  /**
   * Names of the destinations that have it. A message is delivered to one after the other: what a later one has, an earlier one
   * that cannot be asked has had.
   */
  #ownersOf(key: string, before: CollectedRecord | undefined): readonly string[] {
    const { destinations, recognitions, trust } = this.#options
    const everyOther = recognitions.length > 0 && recognitions.every(({ found }) => found.has(key))
    const owners: string[] = []
    let hasLater = false
    for (const { name } of [...destinations].reverse()) {
      const recognition = this.#byName.get(name)
      const isFound = recognition?.found.has(key) ?? (hasLater || (trust.others && everyOther))
      if (recognition && isFound) hasLater = true
      if (isFound || (trust.ledger && before?.destinations.includes(name))) owners.unshift(name)
    }
    return owners
  }

  #verdictOf(key: string, owners: readonly string[]): Pick<Examined, 'verdict' | 'reason'> {
    const { destinations, recognitions } = this.#options
    const others = destinations.map(({ name }) => name).filter(name => !owners.includes(name))
    if (others.length === 0) return { verdict: 'found', reason: undefined }
    for (const { name, doubts } of recognitions) {
      const doubt = doubts.get(key)
      if (doubt) return { verdict: 'uncertain', reason: `${name}: ${doubt.reason}` }
    }
    if (owners.length === 0) return { verdict: 'missing', reason: undefined }
    const unread = others.find(name => !this.#byName.has(name))
    if (unread === undefined) return { verdict: 'partly', reason: undefined }
    return { verdict: 'uncertain', reason: `${unread}: it cannot be asked whether it has it` }
  }

  /** Nothing is deleted at the source for having been stored long ago that may not have been. */
  #recordOf(
    key: string,
    owners: readonly string[],
    isEverywhere: boolean,
    before: CollectedRecord | undefined,
  ): CollectedRecord {
    const { source, now } = this.#options
    const matches = owners.flatMap(name => this.#byName.get(name)?.found.get(key) ?? [])
    const match: Match | undefined = matches.find(({ digest }) => digest !== undefined) ?? matches[0]
    const facts = { destinations: owners, digest: match?.digest, octets: match?.octets }
    if (!isEverywhere) return { ...newRecord(source, key), ...facts }
    const isKnown = before !== undefined && isStored(before) && before.digest === match?.digest
    const storedAt = (isKnown ? before.storedAt : undefined) ?? now
    return { ...newRecord(source, key), ...facts, state: 'stored', storedAt }
  }
}

/** A person or a rule did not want it, or another program had fetched it: no destination could tell of that. */
function isDecided(record: CollectedRecord): boolean {
  return record.state === 'skipped' || (isStored(record) && record.destinations.length === 0)
}

function isStored({ state }: CollectedRecord): boolean {
  return state === 'stored' || state === 'pending' || state === 'committed' || state === 'unknown'
}

/**
 * As it is while the source lists it: if its deletion was asked for, it did not come about. One that was deleted and is back stays
 * so: only its octets tell whether it is the same, and the next run compares them.
 */
function present(record: CollectedRecord): CollectedRecord {
  const state = record.state === 'pending' || record.state === 'unknown' ? 'stored' : record.state
  return { ...record, state, absentSince: undefined, absentSessions: 0 }
}

function judgedAs(verdict: Verdict, record: CollectedRecord): Judged {
  const { key, destinations } = record
  return { examined: { key, verdict, reason: undefined, destinations, wasStored: false }, record }
}
