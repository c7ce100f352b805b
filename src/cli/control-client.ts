// The command's side of the control socket: one request, its answer checked against the schema that the server has too.
import { type IncomingMessage, request } from 'node:http'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { z } from 'zod'
import { loadConfig } from '../config.ts'
import { apiVersion, endpoints, problemSchema, type Selection } from '../control/api.ts'
import { socketPathFault } from '../net/unix-socket.ts'
import type { ControlOptions } from './control-options.ts'
import { CommandFailure } from './failure.ts'

type Endpoints = typeof endpoints
type AnswerOf<E extends keyof Endpoints> = z.output<Endpoints[E]['answer']>

interface Asked {
  readonly selection?: Selection
  /** Gives the stream up, or the wait for an answer. */
  readonly signal?: AbortSignal
}

const maxAnswerOctets = 64 * 1024 * 1024

/** Asks, and gives the answer. Ends the command with one sentence when no server answers, or it refuses. */
export async function askControl<E extends keyof Endpoints>(
  endpoint: E,
  options: ControlOptions,
  asked: Asked = {},
): Promise<AnswerOf<E>> {
  const response = await open(endpoint, options, asked)
  return understood(endpoint, await readAll(response))
}

/** Asks for a stream, and gives its values until the server ends it. When the connection is lost, the command fails. */
export async function* followControl<E extends keyof Endpoints>(
  endpoint: E,
  options: ControlOptions,
  asked: Asked = {},
): AsyncGenerator<AnswerOf<E>, void> {
  const response = await open(endpoint, options, asked)
  const lines = createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY })
  try {
    for await (const line of lines) yield understood(endpoint, line)
  } finally {
    // The server would go on talking to nobody.
    if (!response.complete) response.destroy()
  }
  if (!response.complete && asked.signal?.aborted !== true) throw new CommandFailure('the server has ended')
}

/** Sends the request. Resolves with what is to be read of an answer that grants it. */
async function open(
  endpoint: keyof Endpoints,
  options: ControlOptions,
  asked: Asked,
): Promise<IncomingMessage> {
  const socketPath = options.socket ? resolve(options.socket) : loadConfig(options.config).control.socket
  const fault = socketPathFault(socketPath)
  if (fault) throw new CommandFailure(fault)
  const { method, path } = endpoints[endpoint]
  const { selection, signal } = asked
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request({
      socketPath,
      method,
      path: `/v${apiVersion}${path}`,
      ...(signal && { signal }),
    })
    outgoing.on('error', error => reject(connectionFailure(error, socketPath)))
    outgoing.once('response', answer => {
      // What is lost in the middle is told by the answer's being incomplete.
      answer.on('error', () => undefined)
      resolve(answer)
    })
    outgoing.end(selection && JSON.stringify(selection))
  })
  if (response.statusCode === 200) return response
  const { data } = problemSchema.safeParse(parseJson(await readAll(response)))
  throw new CommandFailure(data?.problem ?? `the server answered ${response.statusCode ?? 'nothing'}`)
}

const reasons: Readonly<Record<string, (path: string) => string>> = {
  ENOENT: path => `the server is not running: there is no socket ${path}`,
  ECONNREFUSED: path => `the server is not running: nobody answers on ${path}`,
  ENOTSOCK: path => `${path} is no socket`,
  EACCES: path => `${path} may not be used by this user: be the user the server runs as, or root`,
  ECONNRESET: () => 'the server has ended',
}

function connectionFailure(cause: NodeJS.ErrnoException, path: string): Error {
  const reason = reasons[cause.code ?? '']
  return new CommandFailure(
    reason?.(path) ?? `cannot ask the server on ${path}: ${cause.message}`,
    undefined,
    {
      cause,
    },
  )
}

function understood<E extends keyof Endpoints>(endpoint: E, text: string): AnswerOf<E> {
  const { data, success } = endpoints[endpoint].answer.safeParse(parseJson(text))
  if (!success) throw new CommandFailure('the server answered something else: is it of another version?')
  return data as AnswerOf<E>
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let octets = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    octets += chunk.length
    if (octets > maxAnswerOctets) throw new CommandFailure('the answer of the server is too long')
    chunks.push(chunk)
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
