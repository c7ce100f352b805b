// The office's own time: that of the machine, and as far ahead of it as a test has moved it.

export class TestClock {
  #aheadMs = 0
  readonly #onAdvance: () => Promise<void>

  /** `onAdvance` does what is due by then. */
  constructor(onAdvance: () => Promise<void>) {
    this.#onAdvance = onAdvance
  }

  /** Milliseconds since 1970. */
  readonly now = (): number => Date.now() + this.#aheadMs

  /**
   * Moves the time on. LOGIN-DELAY counts by it, messages are dated by it, and what the retention rules name has gone when
   * the promise resolves. Time-outs of connections and of waits keep to the machine's time. Throws a RangeError for less
   * than nothing.
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0 && Number.isFinite(ms))) throw new RangeError('time only moves on, by milliseconds')
    this.#aheadMs += ms
    await this.#onAdvance()
  }
}
