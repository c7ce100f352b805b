// The metrics of an office, in the text format of Prometheus: its own, and those of the process it runs in.
import { collectDefaultMetrics, Registry } from 'prom-client'
import type { ObservedSession, Observer } from '../net/observer.ts'
import { type Freed, OfficeMetrics, type OfficeParts } from './office-metrics.ts'
import { SessionMetrics } from './session-metrics.ts'

export interface Metrics {
  readonly observer: Observer
  /** To be told what housekeeping has freed. */
  freed(freed: Freed): void
  readonly contentType: string
  /** Who asks while the text is being made gets the same. */
  text(): Promise<string>
}

export function createMetrics(sessions: ReadonlySet<ObservedSession>, parts: OfficeParts): Metrics {
  const registry = new Registry()
  const observer = new SessionMetrics(registry, sessions)
  const office = new OfficeMetrics(registry, parts)
  let making: Promise<string> | undefined
  return {
    observer,
    freed: freed => office.freed(freed),
    contentType: registry.contentType,
    text() {
      making ??= makeText(registry).finally(() => {
        making = undefined
      })
      return making
    },
  }
}

async function makeText(registry: Registry): Promise<string> {
  return (await registry.metrics()) + (await processRegistry().metrics())
}

let ofProcess: Registry | undefined

/** One for the process, however many offices run in it: its watches over the event loop and the collector never end. */
function processRegistry(): Registry {
  if (!ofProcess) {
    ofProcess = new Registry()
    collectDefaultMetrics({ register: ofProcess })
  }
  return ofProcess
}
