// The acme-client library, with our own requests beneath it. It is loaded when the first certificate is asked for: with
// what it brings along it costs 30 MB and half a second. Its HTTP client has settings for the whole process and repeats
// requests for hours; ours belong to one run and end with it.
import { AsyncLocalStorage } from 'node:async_hooks'
import { readFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import { rootCertificates } from 'node:tls'
import type * as AcmeLibrary from 'acme-client'
import { askCa, retryAfterMs } from './ca-requests.ts'
import { AcmeFailure, oneLine } from './failure.ts'

export interface CaClientOptions {
  readonly directoryUrl: string
  /** PEM. */
  readonly accountKey: string
  /** Certificates, as PEM, that the CA's own may be signed by, besides the well-known ones. */
  readonly caFile: string | undefined
  readonly eab: ExternalAccount | undefined
  readonly signal: AbortSignal
  readonly requestTimeoutMs: number
}

/** External account binding, RFC 8555 section 7.3.4: ties the account to one the CA knows already. */
export interface ExternalAccount {
  readonly kid: string
  /** base64url. */
  readonly hmacKey: string
}

/** A client for the time of one run. */
export interface CaClient {
  readonly client: AcmeLibrary.Client
  /** How long the CA asked to wait in its last answer, in milliseconds. */
  readonly retryAfterMs: number | undefined
}

interface Run {
  readonly agent: Agent
  readonly signal: AbortSignal
  readonly timeoutMs: number
  retryAfterMs: number | undefined
}

const runs = new AsyncLocalStorage<Run>()
let library: Promise<typeof AcmeLibrary> | undefined

/** Lends a client to `use`. What the CA refuses, and that it cannot be reached, rejects with an `AcmeFailure`. */
export async function withCaClient<T>(
  options: CaClientOptions,
  use: (client: CaClient) => Promise<T>,
): Promise<T> {
  const { directoryUrl, accountKey, caFile, eab, requestTimeoutMs } = options
  library ??= loadLibrary()
  const { Client } = await library
  const ca = caFile === undefined ? {} : { ca: [...rootCertificates, await readFile(caFile, 'utf8')] }
  const ended = new AbortController()
  const run: Run = {
    agent: new Agent({ keepAlive: true, maxSockets: 4, ...ca }),
    signal: AbortSignal.any([options.signal, ended.signal]),
    timeoutMs: requestTimeoutMs,
    retryAfterMs: undefined,
  }
  try {
    const client = new Client({
      directoryUrl,
      accountKey,
      ...(eab ? { externalAccountBinding: { ...eab } } : {}),
    })
    return await runs.run(run, () =>
      use({
        client,
        get retryAfterMs() {
          return run.retryAfterMs
        },
      }),
    )
  } catch (error) {
    throw error instanceof AcmeFailure ? error : unexpected(error)
  } finally {
    ended.abort()
    run.agent.destroy()
  }
}

/** The library trusts the shape of answers, and quotes them in errors as they came. */
function unexpected(cause: unknown): AcmeFailure {
  const text = oneLine(cause instanceof Error ? cause.message : 'unknown')
  const message = cause instanceof TypeError ? `an answer of the CA makes no sense: ${text}` : text
  return new AcmeFailure(message, { cause })
}

async function loadLibrary(): Promise<typeof AcmeLibrary> {
  const loaded = await import('acme-client')
  // Only requests of a run are ours; others that use the library in this process keep their HTTP client.
  loaded.axios.interceptors.request.use(config => {
    const run = runs.getStore()
    if (run) {
      config.adapter = async ({ url = '', method = 'get', headers, data }) => {
        const body = typeof data === 'string' ? data : undefined
        const asked = {
          url,
          method,
          headers: { ...textHeaders(headers.toJSON()), 'accept-language': 'en' },
          body,
        }
        const answer = await askCa(asked, run)
        run.retryAfterMs = retryAfterMs(answer.headers, Date.now())
        return { ...answer, data: answer.body, config }
      }
    }
    return config
  })
  return loaded
}

function textHeaders(headers: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  )
}
