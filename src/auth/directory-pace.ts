// How long a directory that checks passwords itself takes to refuse one, for those to wait about whom it was not asked:
// nobody can tell by the time whether it knows a name.

/** How many of the latest are looked at, and for how long they count. */
const samples = 16
const believedMs = 600_000
/** A directory that hangs makes nobody else wait longer. */
const maxMs = 2000

interface Refusal {
  readonly at: number
  readonly durationMs: number
}

export class DirectoryPace {
  readonly #now: () => number
  readonly #latest: Refusal[] = []
  #turn = 0

  constructor(now: () => number) {
    this.#now = now
  }

  note(durationMs: number): void {
    this.#latest[this.#turn] = { at: this.#now(), durationMs: Math.min(durationMs, maxMs) }
    this.#turn = (this.#turn + 1) % samples
  }

  /** Lasts as long as one of the latest refusals, each time another; no time when there was none. */
  async imitate(): Promise<void> {
    const recent = this.#latest.filter(({ at }) => this.#now() - at < believedMs)
    const model = recent[Math.floor(Math.random() * recent.length)]
    if (!model) return
    await new Promise(resolve => setTimeout(resolve, model.durationMs).unref())
  }
}
