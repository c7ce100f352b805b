// Rules of the collection ledger that every store keeps: what a record may be, and what one says of a delivery.
import type { CollectedRecord, CollectedState } from '../mail/collection-ledger.ts'
import type { DeliveryMode } from '../mail/delivery-target.ts'
import { Refusal } from '../mail/errors.ts'

export const collectedStates = [
  'waiting',
  'parked',
  'skipped',
  'stored',
  'pending',
  'committed',
  'unknown',
] as const satisfies readonly CollectedState[]

/** Characters of a source's name, and of a key. */
const longestName = 1000

/** Throws when what names a source or a message could not be told from another once it was stored. */
export function checkCollectedName(what: 'source' | 'key', name: string): void {
  if (isCollectedName(name)) return
  throw new Error(
    `the ledger takes no ${what} but of 1 to ${longestName} characters: ${JSON.stringify(name.slice(0, 80))}`,
  )
}

export function isCollectedName(name: string): boolean {
  return name.length > 0 && name.length <= longestName && isWellFormed(name)
}

/** Throws when the record would not come back as it is. */
export function checkCollected(record: CollectedRecord): void {
  const { source, key, digest, octets = 0, failures, absentSessions } = record
  checkCollectedName('source', source)
  checkCollectedName('key', key)
  if (digest !== undefined && !isDigest(digest))
    throw new Error('the digest of a record is SHA-256 in hexadecimal')
  if (![octets, failures, absentSessions].every(count => Number.isSafeInteger(count) && count >= 0))
    throw new Error('the counts of a record are whole numbers')
}

/** What a collector hears that goes on without the right to. */
export function sourceLost(): Refusal {
  return new Refusal('lease-lost', 'another collector has taken over: nothing more was noted')
}

/** SHA-256 in hexadecimal. */
export function isDigest(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text)
}

/** Throws when the record cannot go with a delivery: it would not say which destination the delivery is for. */
export function checkDelivered(record: CollectedRecord, mode: DeliveryMode): void {
  checkCollected(record)
  if (mode !== 'all') throw new Error('a delivery with a record is for all of its copies or for none')
  if (record.destinations.length === 0) throw new Error('the record of a delivery names no destination')
}

/** Whether the destination that the record is written for, its last, is among those that have the message. */
export function hasIt(known: readonly string[], { destinations }: CollectedRecord): boolean {
  const last = destinations.at(-1)
  return last !== undefined && known.includes(last)
}

/** Lone surrogates would all become the same character. */
function isWellFormed(text: string): boolean {
  return !/[\uD800-\uDFFF]/u.test(text)
}
