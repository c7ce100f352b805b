// One after the other, by any key: what is done for the same key takes turns, and only so many wait for theirs. As in a
// `WorkQueue`, the lowest rank goes first, so that no flood from one place keeps others from their turn.
import { type Asker, WorkQueue } from './work-queue.ts'

interface Queue {
  readonly queue: WorkQueue
  users: number
}

export class Turns {
  readonly #maxWaiting: number
  /** Of the keys in use alone. */
  readonly #queues = new Map<string, Queue>()

  /** `maxWaiting` is for each key. */
  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting
  }

  /** The turn ends when the work does, however it does. Refuses with `store-busy` as `WorkQueue.run`. */
  async take<T>(key: string, asker: Asker, work: () => Promise<T>): Promise<T> {
    const entry = this.#queues.get(key) ?? {
      queue: new WorkQueue({ concurrency: 1, maxWaiting: this.#maxWaiting }),
      users: 0,
    }
    this.#queues.set(key, entry)
    entry.users += 1
    try {
      return await entry.queue.run(asker, work)
    } finally {
      entry.users -= 1
      if (entry.users === 0) this.#queues.delete(key)
    }
  }
}
