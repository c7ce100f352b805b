// JSON from an authorization server over HTTP: encrypted unless it stays on this machine, bounded in time and octets,
// no redirections.
import { Refusal } from '../../mail/errors.ts'

export interface JsonRequest {
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: URLSearchParams
  /** From the first octet of the request to the last of the answer. */
  readonly timeoutMs: number
}

const maxAnswerOctets = 262_144

/** Throws a `TypeError` for an address that would carry secrets in clear. */
export function serviceUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))))
    throw new TypeError(`${JSON.stringify(text)} is no https address, nor http on loopback`)
  if (url.username !== '' || url.password !== '')
    throw new TypeError('the address of a token service holds a name or a password')
  return url
}

/** The object of the answer. Refuses with `directory-unavailable` for everything else. */
export async function fetchJson(
  url: URL,
  { method = 'GET', headers, body, timeoutMs }: JsonRequest,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    const response = await fetch(url, {
      method,
      headers: { accept: 'application/json', ...headers },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      ...(body && { body }),
    })
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new Error(`the answer is ${response.status}`)
    }
    const answer: unknown = JSON.parse(await bodyOf(response))
    if (typeof answer !== 'object' || answer === null || Array.isArray(answer))
      throw new Error('the answer is no JSON object')
    return answer as Readonly<Record<string, unknown>>
  } catch (cause) {
    throw new Refusal('directory-unavailable', `${url.origin} does not say what tokens are good`, { cause })
  }
}

async function bodyOf(response: Response): Promise<string> {
  const pieces: Uint8Array[] = []
  let octets = 0
  for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    octets += piece.length
    if (octets > maxAnswerOctets) throw new Error('the answer is too long')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}
