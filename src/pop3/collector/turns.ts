// One at a time of what has the same name, in the order in which they came; others do not wait for it.
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  async use<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name)
    const own = before ? before.then(work, work) : work()
    this.#last.set(name, own)
    try {
      return await own
    } finally {
      if (this.#last.get(name) === own) this.#last.delete(name)
    }
  }
}
