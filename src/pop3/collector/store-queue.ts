// Letters on their way into destinations: several at once where destinations allow it, so that the source is read while disks
// are waited for. The first failure that concerns more than one letter stops it.
export class StoreQueue {
  readonly #atOnce: number
  readonly #underWay = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | undefined

  constructor(atOnce: number) {
    this.#atOnce = atOnce
  }

  /** Waits for a free place, then begins. Throws the failure of an earlier one. */
  async add(work: () => Promise<void>): Promise<void> {
    while (this.#underWay.size >= this.#atOnce) await Promise.race(this.#underWay)
    this.#check()
    const task: Promise<void> = work()
      .catch((error: unknown) => {
        this.#failure ??= { error }
      })
      .finally(() => this.#underWay.delete(task))
    this.#underWay.add(task)
  }

  /** Waits for all that has begun. Throws the failure of one of them. */
  async settle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
    this.#check()
  }

  #check(): void {
    if (this.#failure) throw this.#failure.error
  }
}
