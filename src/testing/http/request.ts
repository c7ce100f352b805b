// Reads what comes with a request: the query, and a body within bounds, both checked by the schemas of the endpoint.
import type { IncomingMessage } from 'node:http'
import type { Endpoint } from './endpoints.ts'
import { checked, RequestProblem } from './problem.ts'

const defaultMaxOctets = 64 * 1024
const jsonType = 'application/json'

export function readQuery({ query }: Endpoint, parameters: URLSearchParams): unknown {
  const given: Record<string, string | string[]> = {}
  for (const key of new Set(parameters.keys())) {
    const values = parameters.getAll(key)
    given[key] = values.length === 1 ? (values[0] ?? '') : values
  }
  if (query) return checked(query, given, 'query')
  const [stray] = Object.keys(given)
  if (stray !== undefined) throw new RequestProblem(400, `nothing is known of ${JSON.stringify(stray)} here`)
  return undefined
}

/** The octets, or what the schema makes of the JSON. Throws 400, 413 or 415. */
export async function readBody(endpoint: Endpoint, request: IncomingMessage): Promise<unknown> {
  const { body, takes = jsonType, maxBodyOctets = defaultMaxOctets } = endpoint
  if (!body && !endpoint.takes) return undefined
  const octets = await collect(request, maxBodyOctets)
  const given = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  // Another type is what a page elsewhere can send without asking first.
  if (given !== takes && (octets.length > 0 || given !== undefined))
    throw new RequestProblem(415, `the body has to be ${takes}, and to be called so in Content-Type`)
  return body ? checked(body, parseJson(octets), 'body') : octets
}

/** What is too much is read and thrown away, for a sender who is cut off in mid-body hears no answer. */
async function collect(request: IncomingMessage, maxOctets: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let octets = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      octets += chunk.length
      if (octets <= maxOctets) chunks.push(chunk)
    }
  } catch {
    throw new RequestProblem(400, 'the body broke off')
  }
  if (octets > maxOctets) throw new RequestProblem(413, `a body has at most ${maxOctets} octets here`)
  return Buffer.concat(chunks)
}

/** Nothing at all is an object without anything. */
function parseJson(octets: Buffer): unknown {
  if (octets.length === 0) return {}
  try {
    return JSON.parse(octets.toString())
  } catch {
    throw new RequestProblem(400, 'the body is no JSON')
  }
}
