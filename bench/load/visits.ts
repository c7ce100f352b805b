// Logins in an open loop, each from an address of its own: who failed, who was let in, and after how long.
import { OpenLoop, type Visitor } from './flood-schedule.ts'
import type { VisitCounts } from './job.ts'
import { type Outcome, visit } from './visit.ts'

interface Timing {
  readonly perSecond: number
  /** Visits in all. */
  readonly atMost: number
  /** Visits open at once. */
  readonly atOnce: number
}

const tickMs = 5
const countOf = {
  'let-in': 'letIn',
  refused: 'refused',
  'turned-away': 'turnedAway',
} as const satisfies Record<Outcome, keyof VisitCounts>

export class Visits {
  readonly #counts = { begun: 0, leftOut: 0, letIn: 0, refused: 0, turnedAway: 0 }
  /** When each began that is not answered yet, and how it is ended. */
  readonly #open = new Map<number, { readonly atMs: number; readonly close: () => void }>()
  readonly #timer: NodeJS.Timeout
  readonly #visit: typeof visit
  #sinceMs = Number.POSITIVE_INFINITY
  #loginMs: number[] = []

  /** Begins at once. */
  constructor(
    port: number,
    { perSecond, atMost, atOnce }: Timing,
    visitorOf: (index: number) => Visitor,
    begin: typeof visit = visit,
  ) {
    this.#visit = begin
    const loop = new OpenLoop(perSecond, atMost)
    const startedAtMs = performance.now()
    this.#timer = setInterval(() => {
      for (const index of loop.due(performance.now() - startedAtMs)) {
        if (this.#open.size < atOnce) this.#begin(port, index, visitorOf(index))
        else this.#counts.leftOut += 1
      }
    }, tickMs)
  }

  #begin(port: number, index: number, visitor: Visitor): void {
    const atMs = performance.now()
    this.#counts.begun += 1
    const close = this.#visit(port, visitor, outcome => {
      this.#counts[countOf[outcome]] += 1
      this.#open.delete(index)
      if (atMs < this.#sinceMs) return
      // Who was sent away never got in, however fast the answer was.
      this.#loginMs.push(outcome === 'let-in' ? performance.now() - atMs : Number.POSITIVE_INFINITY)
    })
    this.#open.set(index, { atMs, close })
  }

  /** Only logins that begin from now on are timed. */
  startTiming(): void {
    this.#sinceMs = performance.now()
    this.#loginMs = []
  }

  /** How long each login took, connecting included; one that still waits has waited at least so long. */
  timesMs(): readonly number[] {
    const now = performance.now()
    const waiting = [...this.#open.values()].filter(({ atMs }) => atMs >= this.#sinceMs)
    return [...this.#loginMs, ...waiting.map(({ atMs }) => now - atMs)]
  }

  end(): VisitCounts {
    clearInterval(this.#timer)
    const unanswered = this.#open.size
    for (const { close } of this.#open.values()) close()
    return { ...this.#counts, unanswered }
  }
}
