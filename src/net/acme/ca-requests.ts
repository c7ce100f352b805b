// HTTPS to the CA, RFC 8555 section 6: one request, one answer, both bounded. HTTPS only, no redirect is followed, and what
// the CA refuses becomes an AcmeFailure that says so in the CA's own words.
import { type Agent, request } from 'node:https'
import { AcmeFailure, failureOf, oneLine, problemNamespace } from './failure.ts'

export interface CaRequest {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

export interface CaAnswer {
  readonly status: number
  readonly statusText: string
  readonly headers: Record<string, string>
  readonly body: string
}

export interface CaConnection {
  readonly agent: Agent
  /** Ends the request under way. */
  readonly signal: AbortSignal
  /** For one request, from its beginning to the answer's last octet. */
  readonly timeoutMs: number
}

/** A chain of certificates has some 10 KB, everything else less. */
const maxAnswerOctets = 262_144

/** Rejects with an `AcmeFailure` when there is no answer, or a refusal other than of the nonce. */
export async function askCa(asked: CaRequest, connection: CaConnection): Promise<CaAnswer> {
  const { protocol, host } = new URL(asked.url)
  if (protocol !== 'https:') throw new AcmeFailure(`the CA names an address without https: ${oneLine(host)}`)
  const answer = await exchange(asked, connection).catch((cause: unknown) => {
    throw cause instanceof AcmeFailure ? cause : new AcmeFailure(`${host}: ${reasonOf(cause)}`, { cause })
  })
  if (answer.status < 300 || isBadNonce(answer)) return answer
  const otherwise = `${host} answers ${answer.status}`
  throw failureOf(parse(answer.body), otherwise, retryAfterMs(answer.headers, Date.now()))
}

function exchange(
  { url, method, headers, body }: CaRequest,
  { agent, signal, timeoutMs }: CaConnection,
): Promise<CaAnswer> {
  return new Promise((resolve, reject) => {
    const bounds = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    const sent = request(url, { method: method.toUpperCase(), headers, agent, signal: bounds }, answer => {
      const chunks: Buffer[] = []
      let octets = 0
      answer.on('error', reject)
      answer.on('data', (chunk: Buffer) => {
        octets += chunk.length
        if (octets <= maxAnswerOctets) chunks.push(chunk)
        else
          answer.destroy(new AcmeFailure(`${new URL(url).host} answers more than ${maxAnswerOctets} octets`))
      })
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          statusText: answer.statusMessage ?? '',
          headers: Object.fromEntries(
            Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
          ),
          body: Buffer.concat(chunks).toString(),
        }),
      )
    })
    sent.on('error', error => reject(bounds.aborted ? (bounds.reason as Error) : error))
    sent.end(body)
  })
}

/** RFC 8555 section 6.5: the library takes the fresh nonce that comes with this refusal, and asks once more. */
function isBadNonce({ status, body }: CaAnswer): boolean {
  const document = parse(body)
  return (
    status === 400 && (document as { type?: unknown } | undefined)?.type === `${problemNamespace}badNonce`
  )
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) ?? undefined
  } catch {
    return undefined
  }
}

/** What Retry-After asks for (seconds, or a date), in milliseconds from `now`; undefined when it says nothing usable. */
export function retryAfterMs(headers: Readonly<Record<string, string>>, now: number): number | undefined {
  const text = headers['retry-after']?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000 || undefined
  // Date.parse() finds a date in nearly anything; one of HTTP ends so (RFC 9110 section 5.6.7).
  const waitMs = text.endsWith(' GMT') ? Date.parse(text) - now : 0
  return waitMs > 0 ? waitMs : undefined
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'no answer'
  if (cause.name === 'TimeoutError') return 'no answer in time'
  // A name with several addresses fails with one error for each, and no text of its own.
  const [first] = cause instanceof AggregateError ? (cause.errors as unknown[]) : []
  return oneLine(first instanceof Error ? first.message : cause.message)
}
