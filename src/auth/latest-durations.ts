// How long the latest of something took, for those who have to look as if they did it too.

/** How many of the latest are looked at. */
const samples = 16

export interface LatestDurationsOptions {
  /** For how long one counts. */
  readonly believedMs: number
  /** What hangs makes nobody else wait longer. */
  readonly maxMs: number
  readonly now: () => number
}

interface Sample {
  readonly at: number
  readonly durationMs: number
}

export class LatestDurations {
  readonly #options: LatestDurationsOptions
  readonly #latest: Sample[] = []
  #turn = 0

  constructor(options: LatestDurationsOptions) {
    this.#options = options
  }

  note(durationMs: number): void {
    const { now, maxMs } = this.#options
    this.#latest[this.#turn] = { at: now(), durationMs: Math.min(durationMs, maxMs) }
    this.#turn = (this.#turn + 1) % samples
  }

  /** One of them, each time another; undefined when there is none. */
  get any(): number | undefined {
    const recent = this.#recent()
    return recent[Math.floor(Math.random() * recent.length)]
  }

  /** Undefined when there is none. */
  get median(): number | undefined {
    const recent = this.#recent().sort((one, other) => one - other)
    return recent[Math.floor(recent.length / 2)]
  }

  #recent(): number[] {
    const { now, believedMs } = this.#options
    return this.#latest.filter(({ at }) => now() - at < believedMs).map(({ durationMs }) => durationMs)
  }
}
