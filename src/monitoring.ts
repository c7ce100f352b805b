// How the office is watched from outside: metrics and probes by HTTP, traces to a collector. What either needs is loaded only
// where the configuration wants it.
import type { OfficeCertificates } from './certificates.ts'
import type { Config } from './config.ts'
import type { Logins } from './logins.ts'
import { foldName } from './mail/fold.ts'
import { parseNetwork } from './mail/network.ts'
import type { Store } from './mail/store.ts'
import type { CollectedRun } from './metrics/collector-metrics.ts'
import type { ListenAddress } from './net/listener.ts'
import type { Log } from './net/log.ts'
import type { Observers } from './net/observer.ts'
import { tracesEndpoint } from './tracing/endpoint.ts'
import type { Tracing } from './tracing/tracing.ts'
import { packageVersion } from './version.ts'

/** What is watched. */
export interface MonitoredParts {
  readonly observers: Observers
  readonly store: Store
  readonly logins: Logins
  readonly certificates: OfficeCertificates | undefined
  readonly log: Log
}

export interface Monitoring {
  /** With the ports the system chose; none where nothing is served. */
  readonly addresses: readonly ListenAddress[]
  /** The listeners are open: whoever asks is told that the office is ready. */
  serving(): void
  /** No new sessions are taken: whoever asks is told so until the end. */
  draining(): void
  /** To be told what housekeeping has freed. */
  readonly freed: ((freed: { readonly messages: number; readonly contents: number }) => void) | undefined
  /** To be told how a run of the collector ended. */
  readonly collected: ((run: CollectedRun) => void) | undefined
  close(): Promise<void>
}

const unwatched: Monitoring = {
  addresses: [],
  serving() {},
  draining() {},
  freed: undefined,
  collected: undefined,
  async close() {},
}

/** Rejects with an Error that names address and reason when it cannot be served. */
export async function openMonitoring(
  { metrics: { listen, networks } }: Config,
  parts: MonitoredParts,
): Promise<Monitoring> {
  if (listen.length === 0) return unwatched
  const [{ createMetrics }, { Readiness }, { startMonitorServer }] = await Promise.all([
    import('./metrics/metrics.ts'),
    import('./metrics/readiness.ts'),
    import('./metrics/monitor-server.ts'),
  ])
  const { observers, store, logins, certificates, log } = parts
  const metrics = createMetrics(observers.sessions, {
    version: packageVersion(),
    logins: () => logins.load,
    store: store.load,
    certificates: () => certificates?.certificates.summaries ?? [],
  })
  observers.add(metrics.observer)
  const readiness = new Readiness({
    // Any name will do: what counts is that there is an answer.
    probe: () => store.findAccount(foldName('postmaster')),
    store: store.load,
    log,
  })
  const server = await startMonitorServer({
    listen,
    networks: networks.flatMap(text => parseNetwork(text) ?? []),
    log,
    pages: {
      '/metrics': async () => ({ status: 200, contentType: metrics.contentType, text: await metrics.text() }),
      '/healthz': () => ({ status: 200, text: 'ok\n' }),
      '/readyz': async () => {
        const reasons = await readiness.reasons()
        return reasons.length === 0
          ? { status: 200, text: 'ready\n' }
          : { status: 503, text: reasons.map(reason => `${reason}\n`).join('') }
      },
    },
  })
  return {
    addresses: server.addresses,
    serving() {
      readiness.phase = 'serving'
    },
    draining() {
      readiness.phase = 'draining'
    },
    freed: freed => metrics.freed(freed),
    collected: run => metrics.collected(run),
    async close() {
      observers.remove(metrics.observer)
      await server.close()
    },
  }
}

/** Undefined when neither the configuration nor the environment names a collector. */
export async function openTracing({ tracing, hostname }: Config, log: Log): Promise<Tracing | undefined> {
  const endpoint = tracesEndpoint(tracing.endpoint, process.env)
  if (!endpoint) return undefined
  const { startTracing } = await import('./tracing/tracing.ts')
  return startTracing({ endpoint, hostname, version: packageVersion(), log })
}
