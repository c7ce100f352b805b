// What happens while mail is collected, as data: one stream feeds the progress bar, the log, JSON and the metrics.
import type { SourceFault } from './source.ts'

/** How a run ended, and what came of it. Counts are of messages. */
export interface RunSummary {
  readonly source: string
  readonly listed: number
  readonly fetched: number
  readonly fetchedOctets: number
  /** Not wanted: too large, filtered out, or older than what was asked for. */
  readonly skipped: number
  readonly failed: number
  /** Of those, the ones that failed so often that they wait for a person. */
  readonly parked: number
  /** Deleted at the source, as far as it has said so. */
  readonly deleted: number
  /** Still to be fetched. */
  readonly left: number
  readonly durationMs: number
  /** Why it ended early; undefined when it did not. */
  readonly trouble: Trouble | undefined
}

export interface Trouble {
  /** `destination-...`: what a destination said; `ledger`: what the store said; `fault`: one of ours; `waiting`: it was not its time. */
  readonly fault:
    | SourceFault
    | 'destination-full'
    | 'destination-unavailable'
    | 'destination-configuration'
    | 'ledger'
    | 'fault'
    | 'waiting'
  /** A sentence for a person. */
  readonly reason: string
  /** Not to be tried again before. */
  readonly notBefore: Date | undefined
}

export type CollectEvent = { readonly source: string } & (
  | { readonly kind: 'waiting-for-lease' }
  | { readonly kind: 'started' }
  | {
      readonly kind: 'listed'
      readonly messages: number
      readonly octets: number
      readonly toFetch: number
      readonly toFetchOctets: number
      readonly toDelete: number
      readonly left: number
      /** Sentences. */
      readonly oddities: readonly string[]
    }
  | { readonly kind: 'received'; readonly octets: number }
  | { readonly kind: 'stored'; readonly key: string; readonly octets: number; readonly wasKnown: boolean }
  | { readonly kind: 'skipped'; readonly key: string; readonly reason: string }
  | {
      readonly kind: 'failed'
      readonly key: string
      readonly reason: string
      /** Undefined when it is parked. */
      readonly retryAt: Date | undefined
    }
  | { readonly kind: 'deleted'; readonly messages: number; readonly state: 'committed' | 'unknown' }
  | { readonly kind: 'finished'; readonly summary: RunSummary }
)
