// The control socket of a running server: HTTP/1.1 with JSON for programs of this machine that may open it. See api.ts for
// what can be asked. Whatever comes in, the server lives on.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Log } from '../net/log.ts'
import type { Observers } from '../net/observer.ts'
import { listenOnUnixSocket } from '../net/unix-socket.ts'
import { apiVersion, endpoints, type Selection, selectionSchema } from './api.ts'
import { LoadMeter } from './load.ts'
import { endSessions, viewOf } from './session-views.ts'
import { Trace } from './trace.ts'
import { TraceHub } from './trace-hub.ts'
import type { NameOf } from './trace-queue.ts'

export interface ControlParts {
  /** Of the socket; see `socketPathFault`. */
  readonly path: string
  readonly observers: Observers
  readonly nameOf: NameOf
  /** Pieces of work that wait for the store's writer, where that is known. */
  readonly storeQueue?: () => number | undefined
  readonly log: Log
}

export interface Control {
  /** Ends streams and removes the socket. */
  close(): Promise<void>
}

const maxBodyOctets = 4096
const maxConnections = 64
const requestMs = 5_000

/** Rejects, naming path and reason, when the socket cannot be had. */
export async function startControl(parts: ControlParts): Promise<Control> {
  const answering = new Answering(parts)
  const options = { maxHeaderSize: 4096, headersTimeout: requestMs, requestTimeout: requestMs }
  const server = createServer({ ...options, connectionsCheckingInterval: 1_000 }, (request, response) => {
    answering.answer(request, response).catch((error: unknown) => {
      parts.log.error({ err: error }, 'control request failed')
      response.destroy()
    })
  })
  server.maxConnections = maxConnections
  await listenOnUnixSocket(server, parts.path)
  // Only accepting can fail from here on.
  server.on('error', () => undefined)
  return {
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void

class Answering {
  readonly #parts: ControlParts
  readonly #hub = new TraceHub()
  readonly #load: LoadMeter
  readonly #answers: ReadonlyMap<string, Answer>

  constructor(parts: ControlParts) {
    this.#parts = parts
    this.#load = new LoadMeter(parts.observers, parts.storeQueue ?? (() => undefined))
    const { sessions, end, trace, load } = endpoints
    const rows: readonly (readonly [{ method: string; path: string }, Answer])[] = [
      [sessions, (_request, response) => this.#listSessions(response)],
      [end, (request, response) => this.#end(request, response)],
      [trace, (request, response) => this.#trace(request, response)],
      [load, (_request, response) => this.#watch(response)],
    ]
    this.#answers = new Map(rows.map(([{ method, path }, answer]) => [`${method} ${path}`, answer]))
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const prefix = `/v${apiVersion}`
    const { method = '', url = '' } = request
    response.setHeader('Connection', 'close')
    if (!url.startsWith(`${prefix}/`)) {
      return refuse(response, 404, `this server speaks version ${apiVersion}: paths begin with ${prefix}/`)
    }
    const answer = this.#answers.get(`${method} ${url.slice(prefix.length)}`)
    if (!answer) return refuse(response, 404, 'there is no such request')
    await answer(request, response)
  }

  #listSessions(response: ServerResponse): void {
    const nowMs = performance.now()
    send(response, { sessions: [...this.#parts.observers.sessions].map(session => viewOf(session, nowMs)) })
  }

  async #end(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const selection = await readSelection(request, response)
    if (!selection) return
    const sessions = await endSessions(this.#parts.observers, selection)
    for (const { id, user, peer, outcome } of sessions)
      this.#parts.log.warn(
        { session: id, user: user ?? undefined, peer, outcome },
        'session ended by an operator',
      )
    send(response, { sessions })
  }

  async #trace(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const selection = await readSelection(request, response)
    if (!selection) return
    const { observers, nameOf, log } = this.#parts
    const isThere =
      !('session' in selection) || [...observers.sessions].some(({ id }) => id === selection.session)
    if (!isThere) return refuse(response, 404, 'there is no such session')
    const user = 'user' in selection ? await nameOf(selection.user) : undefined
    if ('user' in selection && user === undefined)
      return refuse(response, 404, 'there is no account of that name')
    // Who has gone meanwhile will not close again.
    if (response.closed) return
    log.warn({ ...selection }, 'trace begins')
    beginStream(response)
    const trace = new Trace(user === undefined ? selection : { user }, {
      observers,
      nameOf,
      hub: this.#hub,
      write: event => writeLine(response, event),
      onEnd: () => response.end(),
    })
    response.once('close', () => trace.close())
  }

  /** A reader who is behind is spared the frames meanwhile. */
  #watch(response: ServerResponse): void {
    beginStream(response)
    const stop = this.#load.watch(load => {
      if (!response.writableNeedDrain) void writeLine(response, load)
    })
    response.once('close', stop)
  }
}

/** What the request selects; undefined when it was answered with what is wrong with it. */
async function readSelection(
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Selection | undefined> {
  const body = await readBody(request)
  if (body === undefined) {
    refuse(response, 413, `a request has at most ${maxBodyOctets} octets`)
    return undefined
  }
  const { data } = selectionSchema.safeParse(parseJson(body))
  if (!data) refuse(response, 400, 'one of "session", "user" and "from" expected, as a JSON object')
  return data
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let octets = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      octets += chunk.length
      if (octets > maxBodyOctets) return undefined
      chunks.push(chunk)
    }
  } catch {
    // The request broke off; nobody reads the answer.
    return ''
  }
  return Buffer.concat(chunks).toString()
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function send(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(`${JSON.stringify(value)}\n`)
}

function refuse(response: ServerResponse, status: number, problem: string): void {
  send(response, { problem }, status)
}

function beginStream(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson' }).flushHeaders()
}

function writeLine(response: ServerResponse, value: unknown): Promise<void> | undefined {
  if (response.destroyed || response.write(`${JSON.stringify(value)}\n`)) return undefined
  return new Promise(resolve => {
    const go = () => {
      response.off('drain', go).off('close', go)
      resolve()
    }
    response.on('drain', go).on('close', go)
  })
}
