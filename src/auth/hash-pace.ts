// How long hashes take that are not of the office's own cost, moved here from elsewhere, for all who are refused over
// another hash or over none: nobody can tell by the time whose is dear. They wait in no queue and on no thread.
import { performance } from 'node:perf_hooks'
import { LatestDurations } from './latest-durations.ts'

/** A cost is not left in a minute: who tries one name now and then would see the first of each time. */
const believedMs = 24 * 3_600_000
const maxMs = 10_000
/** Kinds of hashes that are told apart; those that come later count for nothing. */
const maxKinds = 64

/** A hash that was verified, for one password or more. */
export interface VerifiedHash {
  readonly stored: string
  readonly durationMs: number
  readonly spellings: number
}

export class HashPace {
  readonly #now: () => number
  readonly #kinds = new Map<string, LatestDurations>()

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  note({ stored, durationMs, spellings }: VerifiedHash): void {
    const kind = kindOf(stored)
    let latest = this.#kinds.get(kind)
    if (!latest) {
      if (this.#kinds.size >= maxKinds) return
      latest = new LatestDurations({ believedMs, maxMs, now: this.#now })
      this.#kinds.set(kind, latest)
    }
    latest.note(durationMs / spellings)
  }

  /**
   * Lasts as long as a hash of the dearest kind would, for so many spellings of a password, less what `own` took; no time
   * when that is of this kind, or none is known.
   */
  async imitate(spellings: number, own: VerifiedHash | undefined): Promise<void> {
    const [dearest, latest] = this.#dearest() ?? []
    if (own && kindOf(own.stored) === dearest) return
    const durationMs = (latest?.any ?? 0) * spellings - (own?.durationMs ?? 0)
    if (durationMs > 0) await new Promise(resolve => setTimeout(resolve, durationMs).unref())
  }

  /** By the median: one that was held up by something else makes no kind dear. */
  #dearest(): [string, LatestDurations] | undefined {
    let dearest: [string, LatestDurations] | undefined
    for (const each of this.#kinds) if ((each[1].median ?? 0) > (dearest?.[1].median ?? 0)) dearest = each
    return dearest
  }
}

/** The scheme and what else says the cost, without salt and digest: `{BLF-CRYPT}$2y$12`, `$6$rounds=5000`. */
function kindOf(stored: string): string {
  const kind =
    /^(\{[\w.-]{1,32}\})?(\$(2[abxy]?\$\d\d|[\w-]{1,16}(\$v=\d{1,9})?(\$(rounds|m)=[\d=,tp]{1,32})?))?/
  return kind.exec(stored)?.[0] ?? ''
}
