// With nothing left of the old ledger nobody knows what its first run has left alone: `since` and `newest` hold again, so that ten
// years of old mail do not come because a file was lost.
import { lookInto } from '../header-look.ts'
import { type Keyed, notAmongNewest } from '../plan.ts'
import type { CollectPolicy } from '../policy.ts'
import { newRecord, skipped } from '../record.ts'
import type { SourceSession } from '../source.ts'
import type { Judged } from './judge.ts'

export interface FirstRunOptions {
  readonly source: string
  readonly session: SourceSession
  readonly policy: CollectPolicy
  readonly signal: AbortSignal
}

/** The same, but for those that are nowhere, and that a first run would leave alone. `judged` is in the order of `listed`. */
export async function asOfFirstRun(
  listed: readonly Keyed[],
  judged: readonly Judged[],
  { source, session, policy, signal }: FirstRunOptions,
): Promise<readonly Judged[]> {
  const missing = listed.filter((_, index) => judged[index]?.examined.verdict === 'missing')
  const reasons = new Map<string, string>()
  if (policy.since)
    for (const [key, reason] of await lookInto(
      missing,
      session,
      { ...policy, skips: [] },
      { isFirstRun: true, signal },
    ))
      reasons.set(key, reason)
  if (policy.newest !== undefined) {
    const older = new Set(listed.slice(0, Math.max(0, listed.length - policy.newest)))
    for (const each of missing) if (older.has(each)) reasons.set(each.key, notAmongNewest)
  }
  return judged.map(each => {
    const { key } = each.examined
    const reason = reasons.get(key)
    if (reason === undefined) return each
    return {
      examined: { ...each.examined, verdict: 'kept', reason },
      record: skipped(newRecord(source, key), reason),
    }
  })
}
