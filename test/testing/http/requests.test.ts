// What the HTTP API refuses, and how it says so: strangers, wrong paths, wrong bodies, too much of anything; and its
// description.
import { connect as dial } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { apiPath, type Endpoint, endpoints } from '../../../src/testing/http/endpoints.ts'
import type { OfficeApi } from '../../../src/testing/http/server.ts'
import { startTestOffice, type TestOffice } from '../../../src/testing/index.ts'
import { ask, faults, problem, startApi } from './api-client.ts'

let office: TestOffice
let api: OfficeApi
beforeAll(async () => {
  office = await startTestOffice()
  api = await startApi(office, { hosts: ['Mail.Example'], origins: ['http://app.example:3000'] })
})
afterAll(async () => {
  await api.close()
  await office.close()
})
afterEach(() => expect(faults.splice(0)).toEqual([]))

const json = { 'content-type': 'application/json' }

describe('who may ask', () => {
  it.each([
    '127.0.0.1',
    '127.0.0.1:8025',
    'localhost:1',
    'x.localhost',
    '[::1]:8025',
    '192.0.2.1',
    'mail.example:80',
  ])('is told by Host: %s', async host => {
    expect((await ask(`${api.url}/office`, 'GET', { host })).status).toBe(200)
  })

  it.each([
    'evil.example',
    'localhost.evil.example',
    'evil.example:8025',
    '127.0.0.1.evil.example',
    '127.0.0.1/8',
  ])('is not a page whose name leads here: %s', async host => {
    expect((await problem(`${api.url}/office`, 'GET', { host })).status).toBe(421)
  })

  it.each([
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://app.example' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('is not a page of another origin: %j', async headers => {
    for (const method of ['GET', 'DELETE', 'OPTIONS']) {
      const asked = await ask(`${api.url}/messages`, method, headers)
      expect(asked.status).toBe(403)
      expect(asked.headers['access-control-allow-origin']).toBeUndefined()
    }
  })

  it('is a page that was named, which may read the answer', async () => {
    const headers = { origin: 'http://app.example:3000', 'sec-fetch-site': 'cross-site' }
    const asked = await ask(`${api.url}/messages`, 'GET', headers)
    expect(asked.status).toBe(200)
    expect(asked.headers).toMatchObject({ 'access-control-allow-origin': headers.origin, vary: 'origin' })
    const preflight = await ask(`${api.url}/messages`, 'OPTIONS', headers)
    expect(preflight.status).toBe(204)
    expect(preflight.headers['access-control-allow-methods']).toContain('DELETE')
  })
})

describe('a request', () => {
  it.each([
    ['GET', '/', 404, /there is no \/api\/v1\/; \/api\/v1\/openapi.json tells/],
    ['GET', '/messages/', 404, /there is no/],
    ['GET', '/messages/%ZZ', 400, /percent-encoded/],
    ['PUT', '/messages', 405, /is for GET, POST, DELETE/],
    ['OPTIONS', '/wait', 405, /is for GET/],
    ['GET', '/messages?subjet=x', 400, /"subjet"/],
    ['GET', '/messages?to=a&to=b', 400, /to: /],
    ['GET', '/messages?limit=0', 400, /limit: /],
    ['GET', '/wait?timeout=300001', 400, /timeout: /],
    ['GET', '/wait?timeout=soon', 400, /timeout: /],
    ['GET', '/clock?x=1', 400, /"x"/],
    ['GET', `/messages?to=${'a'.repeat(1_001)}`, 400, /to: /],
  ])('%s %s gets %d', async (method, path, status, detail) => {
    const told = await problem(api.url + path, method)
    expect(told.status).toBe(status)
    expect(told.detail).toMatch(detail)
  })

  it('with a method that is not for the path hears which are', async () => {
    expect((await ask(`${api.url}/wait`, 'POST')).headers['allow']).toBe('GET')
  })

  it.each([
    [json, '{', 400],
    [json, '[]', 400],
    [json, 'null', 400],
    [json, '{"advanceMs":-1}', 400],
    [json, '{"advanceMs":1e400}', 400],
    [json, `{"advanceMs":1,"__proto__":{}}`, 400],
    [{}, '{"advanceMs":1}', 415],
    [{ 'content-type': 'text/plain' }, '{"advanceMs":1}', 415],
    [{ 'content-type': 'application/x-www-form-urlencoded' }, 'advanceMs=1', 415],
    [json, ' '.repeat(65_537), 413],
    [json, '['.repeat(65_000), 400],
    [json, ' '.repeat(20_000_000), 413],
  ])('with a body that cannot be gets its status: %j', async (headers, body, status) => {
    expect((await problem(`${api.url}/clock`, 'POST', headers, body)).status).toBe(status)
  })

  it('that is no HTTP, or breaks off, harms nobody', async () => {
    const { port } = api.address
    for (const octets of [
      '\0\xff\r\n\r\n',
      'GET / HTTP/1.1\r\n\r\n',
      `POST ${apiPath}/clock HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{`,
    ])
      await new Promise<void>(resolve => {
        const socket = dial(port, '127.0.0.1', () => socket.end(octets))
        socket
          .on('error', () => undefined)
          .resume()
          .on('close', () => resolve())
      })
    expect((await ask(`${api.url}/office`)).status).toBe(200)
  })
})

type Json = Readonly<Record<string, unknown>>

describe('the description', () => {
  const read = async () => JSON.parse((await ask(`${api.url}/openapi.json`)).octets.toString()) as Json

  it('has every endpoint, its parameters and a schema for all that comes and goes', async () => {
    const { openapi, paths, servers } = (await read()) as {
      openapi: string
      servers: unknown
      paths: Record<
        string,
        Record<string, { operationId: string; parameters?: { name: string; in: string }[] }>
      >
    }
    expect([openapi, servers]).toEqual(['3.1.0', [{ url: '/api/v1' }]])
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => [operationId, method.toUpperCase(), path]),
    )
    const known = Object.entries(endpoints).map(([name, { method, path }]) => [name, method, path])
    expect(described.sort()).toEqual(known.sort())
    expect(paths['/wait']?.['get']?.parameters?.map(({ name }) => name)).toEqual([
      'to',
      'from',
      'subject',
      'timeout',
    ])
    for (const [path, methods] of Object.entries(paths))
      for (const { parameters = [] } of Object.values(methods))
        expect(parameters.filter(each => each.in === 'path').map(({ name }) => `{${name}}`)).toEqual(
          path.match(/\{\w+\}/g) ?? [],
        )
  })

  it('refers only to schemas that it has', async () => {
    const document = await read()
    const text = JSON.stringify(document)
    const { schemas } = document['components'] as { schemas: Json }
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]*)"/g)].map(
      ([, name]) => name,
    )
    expect(new Set(references)).toEqual(new Set(Object.keys(schemas)))
    expect(text).not.toMatch(/"\$(id|schema)"/)
  })

  it('names every status that is answered', async () => {
    const { paths } = (await read()) as {
      paths: Record<string, Record<string, { responses: Record<string, unknown> }>>
    }
    for (const { method, path, status, body, problems = [] } of Object.values<Endpoint>(endpoints)) {
      const responses = paths[path]?.[method.toLowerCase()]?.responses ?? {}
      const expected = [status, 403, 421, ...problems, ...(body ? [400, 413, 415] : [])]
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(expected.map(String)))
    }
  })
})
