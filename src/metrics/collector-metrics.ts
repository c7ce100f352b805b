// What the collector has done, by source. Names of sources are of the owner's making, and as many as he has written down.
import { Gauge, type Registry } from 'prom-client'
import { CountFamily } from './tally.ts'

/** How one run over one source went; counts are of messages. */
export interface CollectedRun {
  readonly source: string
  readonly fetched: number
  readonly fetchedOctets: number
  readonly skipped: number
  readonly failed: number
  readonly deleted: number
  /** Undefined when all went well. */
  readonly trouble: { readonly fault: string } | undefined
}

export class CollectorMetrics {
  readonly #runs: CountFamily
  readonly #messages: CountFamily
  readonly #octets: CountFamily
  readonly #lastSuccess: Gauge<'source'>

  constructor(registry: Registry) {
    this.#runs = new CountFamily({
      name: 'poplar_collector_runs_total',
      help: 'Runs of the collector over a source, by how they ended: `well`, or the kind of trouble.',
      labelNames: ['source', 'outcome'],
    }).registerIn(registry)
    this.#messages = new CountFamily({
      name: 'poplar_collector_messages_total',
      help: 'Messages at a source that were fetched and stored, left alone (`skipped`), set aside (`failed`), or deleted there.',
      labelNames: ['source', 'result'],
    }).registerIn(registry)
    this.#octets = new CountFamily({
      name: 'poplar_collector_octets_total',
      help: 'Octets of messages that were fetched and stored.',
      labelNames: ['source'],
    }).registerIn(registry)
    this.#lastSuccess = new Gauge({
      name: 'poplar_collector_last_success_timestamp_seconds',
      help: 'When a run over the source ended well for the last time, since the office was started.',
      labelNames: ['source'],
      registers: [registry],
    })
  }

  note({ source, fetched, fetchedOctets, skipped, failed, deleted, trouble }: CollectedRun): void {
    this.#runs.of(source, trouble?.fault ?? 'well').value += 1
    for (const [result, count] of Object.entries({ fetched, skipped, failed, deleted }))
      this.#messages.of(source, result).value += count
    this.#octets.of(source).value += fetchedOctets
    if (!trouble) this.#lastSuccess.set({ source }, Date.now() / 1000)
  }
}
