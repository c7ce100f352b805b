// Hands a letter to every destination that does not have it yet, one after the other, with a line in the ledger behind each.
import type { CollectedRecord } from '../../mail/collection-ledger.ts'
import type { Destination, StoreOutcome } from './destination.ts'
import type { Letter } from './letter.ts'
import type { Records, Urgency } from './records.ts'

export interface DeliverOptions {
  readonly destinations: readonly Destination[]
  readonly records: Records
  readonly signal: AbortSignal
  /** The record when one more destination has the letter. */
  readonly marked: (record: CollectedRecord, destination: string, isLast: boolean) => CollectedRecord
}

/** Whether nobody had it before. Throws `DestinationError`; what was done until then is recorded. */
export async function deliver(
  letter: Letter,
  record: CollectedRecord,
  { destinations, records, signal, marked }: DeliverOptions,
): Promise<{ readonly wasKnown: boolean }> {
  const due = destinations.filter(({ name }) => !record.destinations.includes(name))
  let current = record
  let wasKnown = true
  for (const [index, destination] of due.entries()) {
    const next = marked(current, destination.name, index === due.length - 1)
    const outcome = await destination.store(letter, { signal, record: next })
    current = next
    if (outcome !== 'known') wasKnown = false
    await records.save(next, urgencyOf(outcome, destination))
  }
  return { wasKnown }
}

/** What can be repeated without harm may wait for others; what cannot is recorded before a kill could come between. */
function urgencyOf(outcome: StoreOutcome, { promise }: Destination): Urgency {
  if (outcome === 'recorded') return 'already'
  return promise === 'exactly-once' ? 'soon' : 'now'
}
