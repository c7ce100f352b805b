// Traces of sessions, sent to a collector by OTLP over HTTP with the packages of OpenTelemetry. This file, and all that it
// brings along, is loaded only where traces are wanted: docs/decisions/0010-opentelemetry.md.
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources'
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base'
import type { Log } from '../net/log.ts'
import type { Observer } from '../net/observer.ts'
import type { TracesEndpoint } from './endpoint.ts'
import { SessionSpans } from './session-spans.ts'
import { tracedLog } from './traced-log.ts'

export interface TracingOptions {
  readonly endpoint: TracesEndpoint
  readonly hostname: string
  readonly version: string
  readonly log: Log
}

export interface Tracing {
  readonly observer: Observer
  /** The log that was given, with ids of traces in it. */
  readonly log: Log
  /** Sends what is left, within two seconds. */
  close(): Promise<void>
}

const farewellMs = 2_000
const maxReasonLength = 200

export function startTracing({ endpoint: { url }, hostname, version, log }: TracingOptions): Tracing {
  const resource = defaultResource()
    .merge(
      resourceFromAttributes({ 'service.name': 'poplar', 'service.version': version, 'host.name': hostname }),
    )
    .merge(detectResources({ detectors: [envDetector] }))
  const exporter = new WatchedExporter(new OTLPTraceExporter(url === undefined ? {} : { url }), log)
  // What is sampled, and how spans are gathered, is for the environment to say: OTEL_TRACES_SAMPLER, OTEL_BSP_....
  const provider = new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(exporter)] })
  const spans = new SessionSpans(provider.getTracer('poplar', version))
  return {
    observer: spans,
    log: tracedLog(log, sessionId => spans.idsOf(sessionId)),
    async close() {
      let timer: NodeJS.Timeout | undefined
      const timeout = new Promise<void>(resolve => {
        timer = setTimeout(resolve, farewellMs)
      })
      await Promise.race([provider.shutdown().catch(() => undefined), timeout])
      clearTimeout(timer)
    },
  }
}

type ExportDone = Parameters<SpanExporter['export']>[1]

/** Tells the log when traces cannot be sent, once, and when they can be again. */
class WatchedExporter implements SpanExporter {
  readonly #inner: SpanExporter
  readonly #log: Log
  #isFailing = false

  constructor(inner: SpanExporter, log: Log) {
    this.#inner = inner
    this.#log = log
  }

  export(spans: ReadableSpan[], done: ExportDone): void {
    this.#inner.export(spans, result => {
      this.#tell(result.error)
      done(result)
    })
  }

  async shutdown(): Promise<void> {
    await this.#inner.shutdown()
  }

  #tell(error: Error | undefined): void {
    if ((error !== undefined) === this.#isFailing) return
    this.#isFailing = error !== undefined
    if (error) this.#log.warn({ reason: error.message.slice(0, maxReasonLength) }, 'traces cannot be sent')
    else this.#log.info({}, 'traces are sent again')
  }
}
