// The metrics of an office, in the text format of Prometheus: its own, and those of the process it runs in.
import { collectDefaultMetrics, Registry } from 'prom-client'
import type { ObservedSession, Observer } from '../net/observer.ts'
import { type CollectedRun, CollectorMetrics } from './collector-metrics.ts'
import { type Freed, OfficeMetrics, type OfficeParts } from './office-metrics.ts'
import { SessionMetrics } from './session-metrics.ts'

export interface Metrics {
  readonly observer: Observer
  /** To be told what housekeeping has freed. */
  freed(freed: Freed): void
  /** To be told how a run of the collector ended. */
  collected(run: CollectedRun): void
  readonly contentType: string
  /** Who asks while the text is being made gets the same. */
  text(): Promise<string>
}

export function createMetrics(sessions: ReadonlySet<ObservedSession>, parts: OfficeParts): Metrics {
  const registry = new Registry()
  const observer = new SessionMetrics(registry, sessions)
  const office = new OfficeMetrics(registry, parts)
  const collector = new CollectorMetrics(registry)
  const ofProcess = processRegistry()
  let making: Promise<string> | undefined
  return {
    observer,
    freed: freed => office.freed(freed),
    collected: run => collector.note(run),
    contentType: registry.contentType,
    text() {
      making ??= makeText([registry, ofProcess]).finally(() => {
        making = undefined
      })
      return making
    },
  }
}

async function makeText(registries: readonly Registry[]): Promise<string> {
  const texts = await Promise.all(registries.map(registry => registry.metrics()))
  return texts.join('\n')
}

let sharedRegistry: Registry | undefined
/** These would walk over every socket at each scrape; sessions are counted as it is, and descriptors. */
const leftOut = ['nodejs_active_handles', 'nodejs_active_requests', 'nodejs_active_resources']

/** One for the process, however many offices run in it: its watches over the event loop and the collector never end. */
function processRegistry(): Registry {
  if (sharedRegistry) return sharedRegistry
  sharedRegistry = new Registry()
  collectDefaultMetrics({ register: sharedRegistry })
  for (const name of leftOut) {
    sharedRegistry.removeSingleMetric(name)
    sharedRegistry.removeSingleMetric(`${name}_total`)
  }
  return sharedRegistry
}
