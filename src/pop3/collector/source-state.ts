// What the ledger says of a source as a whole: whether it may run now, and how it went.
import type { CollectedSource } from '../../mail/collection-ledger.ts'
import { backOffMs } from './back-off.ts'
import type { Trouble } from './events.ts'
import { maxLoginFailures } from './policy.ts'

export function newSource(source: string, identity: string): CollectedSource {
  return {
    source,
    identity,
    lastRunAt: undefined,
    lastSuccessAt: undefined,
    failures: 0,
    loginFailures: 0,
    error: undefined,
    notBefore: undefined,
    paused: undefined,
  }
}

/** Why it may not run now; undefined when it may. */
export function reasonToWait({ paused, notBefore }: CollectedSource, now: Date): string | undefined {
  if (paused !== undefined) return paused
  return notBefore && notBefore > now ? `not before ${notBefore.toISOString()}` : undefined
}

export interface RunEnd {
  readonly trouble: Trouble | undefined
  readonly now: Date
  /** See `SourceHabits`. */
  readonly loginDelayMs: number
}

/** After a run. */
export function afterRun(known: CollectedSource, { trouble, now, loginDelayMs }: RunEnd): CollectedSource {
  const ran = { ...known, lastRunAt: now }
  if (!trouble)
    return {
      ...ran,
      lastSuccessAt: now,
      failures: 0,
      loginFailures: 0,
      error: undefined,
      notBefore: loginDelayMs > 0 ? new Date(now.getTime() + loginDelayMs) : undefined,
    }
  if (trouble.fault === 'aborted') return ran
  // Somebody else has the mailbox, or it is too soon: nothing is wrong.
  if (trouble.fault === 'busy') return { ...ran, error: trouble.reason, notBefore: trouble.notBefore }
  const failures = known.failures + 1
  const loginFailures = trouble.fault === 'credentials' ? known.loginFailures + 1 : 0
  const earliest = now.getTime() + backOffMs(failures)
  return {
    ...ran,
    failures,
    loginFailures,
    error: trouble.reason,
    notBefore: new Date(Math.max(earliest, trouble.notBefore?.getTime() ?? 0)),
    paused: loginFailures >= maxLoginFailures ? pausedReason(trouble.reason, known.source) : known.paused,
  }
}

/** A person has mended it: it may run at once. */
export function resumed(known: CollectedSource): CollectedSource {
  return { ...known, failures: 0, loginFailures: 0, notBefore: undefined, paused: undefined }
}

function pausedReason(reason: string, source: string): string {
  return `the login was refused ${maxLoginFailures} times in a row (${reason}); mend it, then \`poplar collect resume ${source}\``
}
