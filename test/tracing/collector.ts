// A small collector: takes what is exported by OTLP over HTTP, in JSON, and keeps the spans.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ReceivedSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly isError: boolean
}

interface OtlpValue {
  readonly stringValue?: string
  readonly intValue?: number | string
  readonly arrayValue?: { readonly values: readonly OtlpValue[] }
}
interface OtlpAttribute {
  readonly key: string
  readonly value: OtlpValue
}
interface OtlpSpan extends Omit<ReceivedSpan, 'attributes' | 'isError'> {
  readonly attributes: readonly OtlpAttribute[]
  readonly status?: { readonly code?: number }
}
interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] }
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[]
  }[]
}

export class Collector {
  readonly spans: ReceivedSpan[] = []
  resource: Readonly<Record<string, unknown>> = {}
  readonly paths: string[] = []
  readonly #server: Server

  private constructor(status: number) {
    this.#server = createServer((request, response) => {
      this.paths.push(`${request.method} ${request.url}`)
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        if (status === 200) this.#take(JSON.parse(Buffer.concat(chunks).toString()) as OtlpRequest)
        response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
      })
    })
  }

  static async start(status = 200): Promise<Collector> {
    const collector = new Collector(status)
    collector.#server.listen(0, '127.0.0.1')
    await once(collector.#server, 'listening')
    return collector
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  #take({ resourceSpans }: OtlpRequest): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      this.resource = plain(resource.attributes)
      for (const { attributes, status, ...span } of scopeSpans.flatMap(({ spans }) => spans))
        this.spans.push({ ...span, attributes: plain(attributes), isError: status?.code === 2 })
    }
  }
}

function plain(attributes: readonly OtlpAttribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plainValue(value)]))
}

function plainValue({ stringValue, intValue, arrayValue }: OtlpValue): unknown {
  return arrayValue ? arrayValue.values.map(plainValue) : (stringValue ?? Number(intValue))
}
