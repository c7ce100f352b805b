// A bounded queue for work that is dear: so many at once, so many waiting, the rest refused, so that a flood of logins
// cannot fill the memory. Those of the lowest rank go first; when all places are taken, the highest rank is refused, be it
// the one who came or one who waits.
import { Refusal } from '../mail/errors.ts'

interface Waiting {
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
  #waitingCount = 0
  #running = 0

  constructor(concurrency: number, maxWaiting: number) {
    this.#concurrency = concurrency
    this.#maxWaiting = maxWaiting
  }

  /** Runs the work in its turn. Refuses with `store-busy` when `maxWaiting` others of no higher rank wait already. */
  async run<T>(rank: number, work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#concurrency) await this.#wait(Math.min(rank, maxRank))
    else this.#running += 1
    try {
      return await work()
    } finally {
      this.#next()
    }
  }

  async #wait(rank: number): Promise<void> {
    if (this.#waitingCount >= this.#maxWaiting) this.#refuseOneAbove(rank)
    this.#waitingCount += 1
    await new Promise<void>((begin, refuse) => this.#waiting[rank]?.push({ begin, refuse }))
  }

  /** Makes room at the cost of the last of the highest rank; without one above `rank`, throws. */
  #refuseOneAbove(rank: number): void {
    const refusal = new Refusal('store-busy', 'too many logins are waiting')
    const worst = this.#waiting.findLastIndex(waiting => waiting.length > 0)
    const last = worst > rank ? this.#waiting[worst]?.pop() : undefined
    if (!last) throw refusal
    this.#waitingCount -= 1
    last.refuse(refusal)
  }

  /** Hands its place on. */
  #next(): void {
    const next = this.#waiting.find(waiting => waiting.length > 0)?.shift()
    if (next) {
      this.#waitingCount -= 1
      next.begin()
    } else {
      this.#running -= 1
    }
  }
}
