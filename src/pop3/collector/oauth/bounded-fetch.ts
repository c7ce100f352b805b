// Requests to an authorization server: encrypted unless they stay on this machine, bounded in time and octets, no redirections.
import { serviceUrl } from '../../../auth/tokens/json-service.ts'

const maxAnswerOctets = 262_144
const timeoutMs = 20_000

type RequestBody = NonNullable<NonNullable<Parameters<typeof fetch>[1]>['body']>

export interface FetchRequest {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
}

/** Takes what the library wants to send; the answer is whole. Rejects for an address that would carry secrets in clear. */
export async function boundedFetch(
  address: string,
  { method = 'GET', headers = {}, body, signal }: FetchRequest,
  stopping: AbortSignal,
): Promise<Response> {
  const signals = [stopping, AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]
  const response = await fetch(serviceUrl(address), {
    method,
    headers,
    redirect: 'error',
    signal: AbortSignal.any(signals),
    ...(body !== null && body !== undefined && { body: body as RequestBody }),
  })
  const pieces: Uint8Array[] = []
  let octets = 0
  for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    octets += piece.length
    if (octets > maxAnswerOctets) throw new Error('the answer is too long')
    pieces.push(piece)
  }
  const { status, statusText } = response
  const hasBody = status !== 204 && status !== 304
  return new Response(hasBody ? Buffer.concat(pieces) : null, {
    status,
    statusText,
    headers: response.headers,
  })
}
