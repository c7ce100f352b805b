// How long a directory that checks passwords itself takes to refuse one, for those to wait about whom it was not asked:
// nobody can tell by the time whether it knows a name.
import { LatestDurations } from './latest-durations.ts'

const believedMs = 600_000
const maxMs = 2000

export class DirectoryPace {
  readonly #refusals: LatestDurations

  constructor(now: () => number) {
    this.#refusals = new LatestDurations({ believedMs, maxMs, now })
  }

  /** `spellings`: how many passwords were refused meanwhile. */
  note(durationMs: number, spellings: number): void {
    if (spellings > 0) this.#refusals.note(durationMs / spellings)
  }

  /** Lasts as long as one of the latest refusals, each time another; no time when there was none. */
  async imitate(spellings: number): Promise<void> {
    const durationMs = (this.#refusals.any ?? 0) * spellings
    if (durationMs > 0) await new Promise(resolve => setTimeout(resolve, durationMs).unref())
  }
}
