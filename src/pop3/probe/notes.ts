// What is known of the server so far: each probe adds to it, and builds on what those before it found.
import type { PeerReport } from '../../net/tls/peer-report.ts'
import type { Credentials, Listing, Quirks } from '../client/index.ts'
import type { BodyFacts } from './body-meter.ts'
import { note, type Verdict, well, wrong } from './finding.ts'
import { type Oddity, quoted, type Visit } from './visit.ts'

/** A message that was fetched, and counted. */
export interface Sampled {
  readonly number: number
  /** As LIST has it. */
  readonly listed: number | undefined
  readonly facts: BodyFacts
}

/** One thing that is looked at. */
export interface Probe {
  readonly probe: string
  readonly what: string
  /** Throws what the client throws, which is a finding too. */
  run(visit: Visit, notes: Notes): Promise<Verdict | readonly Verdict[]>
}

type State = 'clear' | 'tls' | 'login'

/** What stands for a text of the server that repeats what is secret. */
const masked = '`****`'

export class Notes {
  readonly auth: Credentials | undefined
  readonly #capabilities = new Map<State, readonly string[]>()
  readonly oddities = new Set<Oddity>()
  /** Suggestions for the client. */
  quirks: Partial<Quirks> = {}
  /** CAPA made the server hang, or hang up. */
  isCapaFatal = false
  peer: PeerReport | undefined
  listing: Listing | undefined
  samples: readonly Sampled[] = []

  constructor(auth: Credentials | undefined) {
    this.auth = auth
  }

  seen(state: State): readonly string[] | undefined {
    return this.#capabilities.get(state)
  }

  see(state: State, lines: readonly string[]): void {
    this.#capabilities.set(
      state,
      lines.map(line => this.masked(line)),
    )
  }

  /** The arguments of a tag that any state announces; undefined where none does. */
  announced(tag: string): readonly string[] | undefined {
    for (const lines of this.#capabilities.values())
      for (const line of lines) {
        const [name = '', ...values] = line.trim().split(/[ \t]+/)
        if (name.toUpperCase() === tag) return values
      }
    return undefined
  }

  /** What was announced held against what was seen; `how` goes on behind the verb. */
  promise(tag: string, works: boolean, how = ''): Verdict {
    const isAnnounced = this.announced(tag) !== undefined
    if (works) return isAnnounced ? well(`works${how}`) : note(`works, though CAPA does not name it${how}`)
    return isAnnounced ? wrong(`is named by CAPA, but does not work${how}`) : note(`is not there${how}`)
  }

  /** A text of the server for a sentence: escaped, cut, and without what is secret. */
  quote(latin1: string): string {
    return this.masked(latin1) === latin1 ? quoted(latin1) : masked
  }

  masked(text: string): string {
    return this.auth?.holdsSecret(text) ? '****' : text
  }
}
