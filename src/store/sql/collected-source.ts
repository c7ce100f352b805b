// What the collection ledger knows of a source as a whole, as a row, and back.
import type { CollectedSource } from '../../mail/collection-ledger.ts'
import { isCount, isTime, toDate } from './collected-row.ts'
import type { Schema } from './schema.ts'

type SourceRow = Schema['collected_source']

export function toSource(found: SourceRow): CollectedSource {
  return {
    source: found.source,
    identity: found.identity,
    lastRunAt: toDate(found.last_run_at),
    lastSuccessAt: toDate(found.last_success_at),
    failures: found.failures,
    loginFailures: found.login_failures,
    error: found.error ?? undefined,
    notBefore: toDate(found.not_before),
    paused: found.paused ?? undefined,
  }
}

export function toSourceRow(source: CollectedSource): SourceRow {
  return {
    source: source.source,
    identity: source.identity,
    last_run_at: source.lastRunAt?.getTime() ?? null,
    last_success_at: source.lastSuccessAt?.getTime() ?? null,
    failures: source.failures,
    login_failures: source.loginFailures,
    error: source.error ?? null,
    not_before: source.notBefore?.getTime() ?? null,
    paused: source.paused ?? null,
  }
}

/** What is wrong with a row, in a few words; undefined when nothing is. */
export function sourceFault(found: SourceRow): string | undefined {
  if (!isCount(found.failures) || !isCount(found.login_failures)) return 'one of its counts is none'
  if (!isTime(found.last_run_at) || !isTime(found.last_success_at) || !isTime(found.not_before))
    return 'one of its times is none'
  return undefined
}
