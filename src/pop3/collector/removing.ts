// Deletes at the source what is stored. The ledger says so before the source is asked, and what it answered afterwards; where
// no answer came the next listing tells.
import type { CollectedRecord } from '../../mail/collection-ledger.ts'
import type { Keyed } from './plan.ts'
import type { Records } from './records.ts'
import { SourceError, type SourceOutcome, type SourceSession } from './source.ts'

export interface Removal {
  /** Messages that the source was asked to delete and did not refuse to. */
  readonly messages: number
  readonly state: SourceOutcome['state']
}

/** Ends the session well, with these messages deleted. */
export async function removeAndCommit(
  stored: readonly Keyed[],
  session: SourceSession,
  records: Records,
  signal: AbortSignal,
): Promise<Removal> {
  const of = ({ key }: Keyed): readonly CollectedRecord[] => {
    const record = records.get(key)
    return record?.state === 'stored' ? [record] : []
  }
  const due = stored.filter(keyed => of(keyed).length > 0)
  await records.saveAll(due.flatMap(of).map(record => ({ ...record, state: 'pending' as const })))
  for (const { message } of due) session.markDeleted(message)
  const { state, refused } = await commit(session, signal)
  const kept = new Set(refused)
  await records.saveAll(
    due.flatMap(({ key, message }) => {
      const record = records.get(key)
      return record ? [{ ...record, state: kept.has(message) ? ('stored' as const) : state }] : []
    }),
  )
  return { messages: due.filter(({ message }) => !kept.has(message)).length, state }
}

async function commit(session: SourceSession, signal: AbortSignal): Promise<SourceOutcome> {
  try {
    return await session.commit(signal)
  } catch (error) {
    if (error instanceof SourceError) return { state: 'unknown', refused: [] }
    throw error
  }
}
