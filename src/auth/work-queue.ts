// A bounded queue for work that is dear: so many at once, so many waiting, the rest refused, so that a flood of logins
// cannot fill the memory. Those of the lowest rank go first, and of one source one after the other; when all places are
// taken, the highest rank is refused, be it the one who came or one who waits.
import { Refusal } from '../mail/errors.ts'

/** Who asks for work to be done. */
export interface Asker {
  /** 0 goes first. */
  readonly rank: number
  /** Where it comes from: what waits from there already counts against it. */
  readonly source: string
}

interface Waiting {
  readonly source: string
  readonly begin: () => void
  readonly refuse: (refusal: Refusal) => void
}

/** Beyond it all are alike. */
const maxRank = 15

export class WorkQueue {
  readonly #concurrency: number
  readonly #maxWaiting: number
  /** By rank; in each the first come is the first served. */
  readonly #waiting: Waiting[][] = Array.from({ length: maxRank + 1 }, () => [])
  readonly #waitingBySource = new Map<string, number>()
  #waitingCount = 0
  #running = 0

  constructor(concurrency: number, maxWaiting: number) {
    this.#concurrency = concurrency
    this.#maxWaiting = maxWaiting
  }

  /** Runs the work in its turn. Refuses with `store-busy` when `maxWaiting` others of no higher rank wait already. */
  async run<T>(asker: Asker, work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#concurrency) await this.#wait(asker)
    else this.#running += 1
    try {
      return await work()
    } finally {
      this.#next()
    }
  }

  async #wait({ rank: ownRank, source }: Asker): Promise<void> {
    const others = this.#waitingBySource.get(source) ?? 0
    const rank = Math.min(ownRank + others, maxRank)
    if (this.#waitingCount >= this.#maxWaiting) this.#refuseOneAbove(rank)
    await new Promise<void>((begin, refuse) => {
      this.#waiting[rank]?.push({ source, begin, refuse })
      this.#count(source, 1)
    })
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

  /** Hands its place on. */
  #next(): void {
    const next = this.#waiting.find(waiting => waiting.length > 0)?.shift()
    if (next) {
      this.#count(next.source, -1)
      next.begin()
    } else {
      this.#running -= 1
    }
  }
}
