// So many at a time; the others wait in the order in which they came.
export class Places {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  async use<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>(resolve => this.#waiting.push(resolve))
    try {
      return await work()
    } finally {
      // The place is handed on, so that nobody who comes now takes it.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free += 1
    }
  }
}
