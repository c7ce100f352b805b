// Asks the HTTP API of a test office, and checks each answer by the schema that its description is made from.
import { request } from 'node:http'
import { expect } from 'vitest'
import { type Endpoint, type EndpointName, endpoints } from '../../../src/testing/http/endpoints.ts'
import { type Problem, problemSchema } from '../../../src/testing/http/schemas.ts'
import { type OfficeApi, type OfficeApiOptions, startOfficeApi } from '../../../src/testing/http/server.ts'
import type { TestOffice } from '../../../src/testing/index.ts'

export const faults: unknown[] = []

export function startApi(office: TestOffice, options: Partial<OfficeApiOptions> = {}): Promise<OfficeApi> {
  return startOfficeApi(office, {
    listen: { host: '127.0.0.1', port: 0 },
    version: '0.0.0',
    hosts: [],
    origins: [],
    onFault: error => faults.push(error),
    ...options,
  })
}

export interface Asked {
  readonly status: number
  readonly headers: Record<string, string | undefined>
  readonly octets: Buffer
}

/** By node:http: fetch lets nobody choose Host or Origin. */
export function ask(
  url: string,
  method = 'GET',
  headers: Record<string, string> = {},
  body?: string | Uint8Array,
): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { method, headers, agent: false }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const own = response.headers as Record<string, string | undefined>
        resolve({ status: response.statusCode ?? 0, headers: own, octets: Buffer.concat(chunks) })
      })
    })
    asking.on('error', reject)
    asking.end(body)
  })
}

const json = { 'content-type': 'application/json' }

/** Answers in good order, checked. `T` is what the caller reads of it. */
export async function call<T>(api: OfficeApi, name: EndpointName, path = '', body?: unknown): Promise<T> {
  const endpoint: Endpoint = endpoints[name]
  const url = api.url + (path === '' || path.startsWith('?') ? endpoint.path + path : path)
  const asked = await ask(
    url,
    endpoint.method,
    body === undefined ? {} : json,
    body === undefined ? undefined : JSON.stringify(body),
  )
  expect(asked.status, asked.octets.toString()).toBe(endpoint.status)
  if (!endpoint.answer) return undefined as T
  expect(asked.headers['content-type']).toBe('application/json')
  const answer: unknown = JSON.parse(asked.octets.toString())
  // All fields are described, and none that is described is missing.
  expect(endpoint.answer.parse(answer)).toEqual(answer)
  return answer as T
}

/** A request that is refused: the status and what is told. */
export async function problem(
  url: string,
  method = 'GET',
  headers: Record<string, string> = {},
  body?: string | Uint8Array,
): Promise<Problem> {
  const asked = await ask(url, method, headers, body)
  expect(asked.headers['content-type']).toBe('application/problem+json')
  const told = problemSchema.parse(JSON.parse(asked.octets.toString()))
  expect(told.status).toBe(asked.status)
  return told
}
