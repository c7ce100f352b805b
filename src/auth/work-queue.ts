// A bounded queue for work that is dear: so many at once, so many waiting, the rest refused, so that a flood of logins
// cannot fill the memory. Those of the lowest rank go first, and of one source one after the other; when all places are
// taken, the highest rank is refused, be it the one who came or one who waits. Who goes away while waiting leaves no work
// behind.
import { Refusal } from '../mail/errors.ts'
import type { Abandonment } from './login.ts'

/** Who asks for work to be done. */
export interface Asker {
  /** 0 goes first. */
  readonly rank: number
  /** Where it comes from: what waits from there already counts against it. */
  readonly source: string
  /** Aborted when nobody wants the outcome any more. */
  readonly signal?: Abandonment | undefined
}

export interface WorkQueueOptions {
  readonly concurrency: number
  readonly maxWaiting: number
  /**
   * After work for a suspect that took so long: for how many milliseconds no other suspect's begins. A suspect is whose
   * rank is `suspectRank` or higher, and any but known peers while a crowd waits. Default: they never rest.
   */
  readonly restMs?: (tookMs: number) => number
}

interface Waiting {
  readonly source: string
  readonly begin: () => void
  readonly refuse: (refusal: Refusal) => void
}

/** From this rank on somebody has failed before. */
export const suspectRank = 2
/** More that wait than come by chance: whoever is not known may be part of a flood. */
const crowd = 32
/** Beyond it all are alike. */
const maxRank = 15

export class WorkQueue {
  readonly #options: WorkQueueOptions
  /** By rank; in each the first come is the first served. */
  readonly #waiting: Waiting[][] = Array.from({ length: maxRank + 1 }, () => [])
  readonly #waitingBySource = new Map<string, number>()
  #waitingCount = 0
  #running = 0
  #restingUntilMs = 0
  #restTimer: NodeJS.Timeout | undefined

  constructor(options: WorkQueueOptions) {
    this.#options = options
  }

  get waiting(): number {
    return this.#waitingCount
  }

  get running(): number {
    return this.#running
  }

  /**
   * Runs the work in its turn. Refuses with `store-busy` when `maxWaiting` others of no higher rank wait already, and when
   * the asker goes away before its turn.
   */
  async run<T>(asker: Asker, work: () => Promise<T>): Promise<T> {
    refuseIfGone(asker.signal)
    if (this.#mayBegin(asker.rank)) this.#running += 1
    else await this.#wait(asker)
    const { restMs } = this.#options
    const startedAtMs = performance.now()
    try {
      return await work()
    } finally {
      this.#running -= 1
      const nowMs = performance.now()
      if (restMs && this.#isSuspect(asker.rank)) this.#restingUntilMs = nowMs + restMs(nowMs - startedAtMs)
      this.#dispatch()
    }
  }

  #mayBegin(rank: number): boolean {
    return this.#running < this.#options.concurrency && (!this.#isSuspect(rank) || this.#restMs() === 0)
  }

  #isSuspect(rank: number): boolean {
    return rank >= suspectRank || (rank > 0 && this.#waitingCount > crowd)
  }

  #restMs(): number {
    return Math.max(0, this.#restingUntilMs - performance.now())
  }

  async #wait({ rank: ownRank, source, signal }: Asker): Promise<void> {
    const others = this.#waitingBySource.get(source) ?? 0
    const rank = Math.min(ownRank + others, maxRank)
    if (this.#waitingCount >= this.#options.maxWaiting) this.#refuseOneAbove(rank)
    let giveUp = () => {}
    try {
      await new Promise<void>((begin, refuse) => {
        const waiting = { source, begin, refuse }
        giveUp = () => {
          if (this.#remove(rank, waiting)) refuse(gone())
        }
        this.#waiting[rank]?.push(waiting)
        this.#count(source, 1)
        signal?.addEventListener('abort', giveUp)
        // Nobody may be at work whose end would call the next: all that waited before rest.
        this.#dispatch()
      })
    } finally {
      signal?.removeEventListener('abort', giveUp)
    }
  }

  #remove(rank: number, waiting: Waiting): boolean {
    const place = this.#waiting[rank]?.indexOf(waiting) ?? -1
    if (place < 0) return false
    this.#waiting[rank]?.splice(place, 1)
    this.#count(waiting.source, -1)
    return true
  }

  #count(source: string, change: 1 | -1): void {
    this.#waitingCount += change
    const waiting = (this.#waitingBySource.get(source) ?? 0) + change
    if (waiting === 0) this.#waitingBySource.delete(source)
    else this.#waitingBySource.set(source, waiting)
  }

  /** Makes room at the cost of the last of the highest rank; without one above `rank`, throws. */
  #refuseOneAbove(rank: number): void {
    const refusal = new Refusal('store-busy', 'too many logins are waiting')
    const worst = this.#waiting.findLastIndex(waiting => waiting.length > 0)
    const last = worst > rank ? this.#waiting[worst]?.pop() : undefined
    if (!last) throw refusal
    this.#count(last.source, -1)
    last.refuse(refusal)
  }

  /** Begins what may begin. */
  #dispatch(): void {
    while (this.#running < this.#options.concurrency) {
      const rank = this.#waiting.findIndex(waiting => waiting.length > 0)
      if (rank < 0) return
      const restMs = this.#isSuspect(rank) ? this.#restMs() : 0
      if (restMs > 0) return this.#dispatchIn(restMs)
      const next = this.#waiting[rank]?.shift()
      if (!next) return
      this.#count(next.source, -1)
      this.#running += 1
      next.begin()
    }
  }

  #dispatchIn(restMs: number): void {
    // A timer may be early by a millisecond, and is then set anew.
    this.#restTimer ??= setTimeout(() => {
      this.#restTimer = undefined
      this.#dispatch()
    }, restMs)
  }
}

/** Refuses with `store-busy` whom nobody waits for: its work is not to be begun. */
export function refuseIfGone(signal: Abandonment | undefined): void {
  if (signal?.aborted) throw gone()
}

function gone(): Refusal {
  return new Refusal('store-busy', 'nobody waits for this login any more')
}
