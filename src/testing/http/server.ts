// The HTTP API of a test office, for tests in other languages: HTTP/1.1 with JSON for programs of this machine. Whatever comes
// in, it is answered with what is wrong with it, and the office lives on. RFC 9110, RFC 9112.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { bind, boundAddress, type ListenAddress } from '../../net/listener.ts'
import type { TestOffice } from '../test-office.ts'
import { type AdmissionRules, admit, corsHeaders } from './admission.ts'
import { apiPath, type Call, type EndpointName, type Handlers, type OctetsAnswer } from './endpoints.ts'
import { createHandlers } from './handlers.ts'
import { problemOf, problemType, RequestProblem } from './problem.ts'
import { readBody, readQuery } from './request.ts'
import { findRoute } from './router.ts'
import { maxWaitMs } from './schemas.ts'

export interface OfficeApiOptions extends AdmissionRules {
  readonly listen: ListenAddress
  /** Of the package, for the description. */
  readonly version: string
  /** An error that is ours; whoever asked is told 500. */
  readonly onFault: (error: unknown) => void
}

export interface OfficeApi {
  readonly address: ListenAddress
  /** Where the endpoints begin. */
  readonly url: string
  /** Cuts what is open. */
  close(): Promise<void>
}

const maxConnections = 256
const maxHeaderOctets = 16 * 1024
const headersTimeoutMs = 10_000
const requestTimeoutMs = 60_000
/** Also for a reader that takes nothing; longer than any wait. */
const idleTimeoutMs = maxWaitMs + 30_000

/** Rejects, naming address and reason, when it cannot be bound. */
export async function startOfficeApi(office: TestOffice, options: OfficeApiOptions): Promise<OfficeApi> {
  const answering = new Answering(createHandlers(office, options.version), options)
  const server = createServer(
    {
      maxHeaderSize: maxHeaderOctets,
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => void answering.answer(request, response),
  )
  server.maxConnections = maxConnections
  server.setTimeout(idleTimeoutMs)
  await bind(server, options.listen)
  const address = boundAddress(server)
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return { address, url: `http://${host}:${address.port}${apiPath}`, close: () => closeServer(server) }
}

class Answering {
  readonly #handlers: Handlers
  readonly #options: OfficeApiOptions

  constructor(handlers: Handlers, options: OfficeApiOptions) {
    this.#handlers = handlers
    this.#options = options
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    response.setHeader('cache-control', 'no-store').setHeader('x-content-type-options', 'nosniff')
    try {
      const origin = admit(request.headers, this.#options)
      for (const [name, value] of Object.entries(corsHeaders(origin))) response.setHeader(name, value)
      if (request.method === 'OPTIONS' && origin !== undefined) return void response.writeHead(204).end()
      await this.#perform(request, response, gone.signal)
    } catch (error) {
      if (!response.closed) this.#refuse(request, response, error)
    }
  }

  async #perform(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const [, path = '', query = ''] = /^([^?]*)\??(.*)$/s.exec(request.url ?? '') ?? []
    const { name, endpoint, segments } = findRoute(request.method ?? '', path)
    const call = {
      query: readQuery(endpoint, new URLSearchParams(query)),
      body: await readBody(endpoint, request),
      segments,
      signal,
    }
    // The table of endpoints says what each handler gets, and `readQuery` and `readBody` go by the same table.
    const handler = this.#handlers[name] as (call: Call<EndpointName>) => unknown
    const answer = await handler(call as Call<EndpointName>)
    if (endpoint.gives !== undefined) sendOctets(request, response, answer as OctetsAnswer)
    else if (endpoint.answer) sendJson(request, response, endpoint.status, answer)
    else response.writeHead(endpoint.status).end()
  }

  #refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const isTheirs = error instanceof RequestProblem
    if (!isTheirs) this.#options.onFault(error)
    const problem = isTheirs
      ? error
      : new RequestProblem(500, 'that is a fault of the office, not of the request')
    // Nobody reads what else it sends.
    if (!request.complete) response.setHeader('connection', 'close')
    if (problem.allow !== undefined) response.setHeader('allow', problem.allow)
    sendJson(request, response, problem.status, problemOf(problem), problemType)
  }
}

function sendJson(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  value: unknown,
  contentType = 'application/json',
): void {
  const octets = Buffer.from(`${JSON.stringify(value)}\n`)
  response.writeHead(status, { 'content-type': contentType, 'content-length': octets.length })
  response.end(request.method === 'HEAD' ? undefined : octets)
}

/** A browser saves it, and shows nothing of it. */
function sendOctets(
  request: IncomingMessage,
  response: ServerResponse,
  { contentType, octets, filename }: OctetsAnswer,
): void {
  response.writeHead(200, {
    'content-type': contentType,
    'content-length': octets.length,
    'content-security-policy': "sandbox; default-src 'none'",
    ...(filename !== undefined && {
      'content-disposition': `attachment; filename*=UTF-8''${extendedValue(filename)}`,
    }),
  })
  response.end(request.method === 'HEAD' ? undefined : octets)
}

/** RFC 8187 section 3.2.1. Half a character is none. */
function extendedValue(text: string): string {
  const escaped = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`
  return encodeURIComponent(Buffer.from(text).toString()).replace(/['()*]/g, escaped)
}

function closeServer(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
