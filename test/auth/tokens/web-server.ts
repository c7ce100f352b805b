// An HTTP server on loopback whose answers the test sets and whose requests it counts.
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface WebAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON unless it is a text; undefined: nothing is ever answered. */
  readonly body: unknown
}

export interface WebRequest {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface WebServer {
  readonly url: string
  readonly requests: WebRequest[]
  /** By path. */
  readonly answers: Map<string, WebAnswer>
  countOf(path: string): number
  close(): Promise<void>
}

export async function startWebServer(): Promise<WebServer> {
  const requests: WebRequest[] = []
  const answers = new Map<string, WebAnswer>()
  const server = createServer((request, response) => {
    void (async () => {
      const pieces: Buffer[] = []
      for await (const piece of request) pieces.push(piece as Buffer)
      const path = request.url ?? ''
      requests.push({ path, headers: request.headers, body: Buffer.concat(pieces).toString() })
      const { status = 200, headers, body } = answers.get(path) ?? { status: 404, body: 'not found' }
      if (body === undefined) return
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answers,
    countOf: path => requests.filter(request => request.path === path).length,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
