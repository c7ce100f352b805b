// Runs cases one after the other, each for its bounded time, whatever the protocol. A case ends in a verdict and never in an
// exception, but for mistakes of the suite itself.
import { bounded } from './bounded.ts'
import { type ConformanceCase, Failure, type Outcome, type Section, Unable } from './case.ts'
import type { Play } from './play.ts'
import { inTurn } from './steps.ts'
import type { TranscriptEntry } from './transcript.ts'

/** A case with the section it is of. */
export interface Placed<C> {
  readonly section: string
  readonly item: C
}

/** What became of a case, and what went over the wires. */
export interface CaseRun<C> extends Placed<C> {
  readonly outcome: Outcome
  readonly transcript: readonly TranscriptEntry[]
  readonly tookMs: number
}

export interface RunParts<P extends Play, C extends ConformanceCase<P>> {
  readonly cases: readonly Placed<C>[]
  /** Why a case is not even tried. */
  readonly skips: (item: C) => string | undefined
  /** Brings the server into the state that the case begins in. Throws `Unable` where that cannot be. */
  readonly prepare: (item: C) => Promise<P>
  /** Before the next. */
  readonly ended?: (item: C, outcome: Outcome) => void
  readonly signal?: AbortSignal | undefined
}

const defaultLimitMs = 10_000

/** The cases of sections whose section or id is named; all when none is. */
export function chosen<C extends { readonly id: string }>(
  sections: readonly Section<C>[],
  only: readonly string[] = [],
): readonly Placed<C>[] {
  const all = sections.flatMap(({ name, cases }) => cases.map(item => ({ section: name, item })))
  if (only.length === 0) return all
  return all.filter(({ section, item }) => only.includes(section) || only.includes(item.id))
}

/** Yields each case as it ends. */
export async function* runCases<P extends Play, C extends ConformanceCase<P>>(
  parts: RunParts<P, C>,
): AsyncGenerator<CaseRun<C>, void> {
  for (const placed of parts.cases) {
    if (parts.signal?.aborted) return
    const startedAtMs = performance.now()
    const { verdict, reason, transcript } = await runCase(placed.item, parts)
    if (parts.signal?.aborted) return
    const { id, severity } = placed.item
    const outcome: Outcome = { id, section: placed.section, severity, outcome: verdict, reason }
    parts.ended?.(placed.item, outcome)
    yield { ...placed, outcome, transcript, tookMs: performance.now() - startedAtMs }
  }
}

interface Ended {
  readonly verdict: Outcome['outcome']
  readonly reason: string
  readonly transcript: readonly TranscriptEntry[]
}

async function runCase<P extends Play, C extends ConformanceCase<P>>(
  item: C,
  { skips, prepare, signal }: RunParts<P, C>,
): Promise<Ended> {
  const reason = skips(item)
  if (reason !== undefined) return { verdict: 'skip', reason, transcript: [] }
  let play: P
  try {
    play = await prepare(item)
  } catch (error) {
    return { ...verdictOf(error), transcript: [] }
  }
  const entries = () => play.transcript.entries
  try {
    await bounded(play, limitOf(item, play), () => inTurn(item.steps, play), signal)
    return { verdict: 'pass', reason: '', transcript: entries() }
  } catch (error) {
    return { ...verdictOf(error), transcript: entries() }
  }
}

/** Who has patience with answers has it with cases: some servers delay every login behind one that failed. */
function limitOf({ limitMs = defaultLimitMs }: { readonly limitMs?: number }, { target }: Play): number {
  return Math.max(limitMs, target.patienceMs * 2)
}

/** Throws what is neither about the server nor about the means: a mistake of the suite. */
function verdictOf(error: unknown): Pick<Ended, 'verdict' | 'reason'> {
  if (error instanceof Failure) return { verdict: 'fail', reason: error.message }
  if (error instanceof Unable) return { verdict: 'skip', reason: error.message }
  throw error
}
