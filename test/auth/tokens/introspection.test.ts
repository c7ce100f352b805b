// Introspection against an authorization server on loopback.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { IntrospectionOptions } from '../../../src/auth/tokens/introspection.ts'
import { createTokenVerifier, type TokenVerifier } from '../../../src/auth/tokens/token-verifier.ts'
import { startWebServer, type WebServer } from './web-server.ts'

const path = '/introspect'
const start = Date.UTC(2026, 0, 1)
const startSeconds = start / 1000
const good = { active: true, email: 'ann@example.net', email_verified: true }

let server: WebServer
let clockMs: number

beforeEach(async () => {
  clockMs = start
  server = await startWebServer()
  say(good)
})

afterEach(() => server.close())

function say(body: unknown, status = 200): void {
  server.answers.set(path, { status, body })
}

function verifier(options: Partial<IntrospectionOptions> = {}): TokenVerifier {
  return createTokenVerifier({
    kind: 'introspection',
    url: server.url + path,
    clientId: 'poplar mail',
    clientSecret: 's:e/c r%t',
    now: () => clockMs,
    timeoutMs: 2000,
    ...options,
  })
}

describe('introspection', () => {
  it('asks as RFC 7662 section 2.1 says, and tells who we are', async () => {
    expect(await verifier().verify('to&k=n')).toEqual({ name: 'ann@example.net', expiresAt: undefined })
    const [request] = server.requests
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      token: 'to&k=n',
      token_type_hint: 'access_token',
    })
    expect(request?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/)
    const credentials = Buffer.from('poplar+mail:s%3Ae%2Fc+r%25t').toString('base64')
    expect(request?.headers.authorization).toBe(`Basic ${credentials}`)
  })

  it.each<readonly [string, Record<string, unknown>, Partial<IntrospectionOptions>]>([
    ['not expired', { exp: startSeconds + 60 }, {}],
    ['clocks differ a little', { exp: startSeconds - 29, nbf: startSeconds + 29 }, {}],
    ['our issuer', { iss: 'https://id.example' }, { issuer: 'https://id.example' }],
    ['our audience', { aud: 'mail' }, { audience: 'mail' }],
    ['our audience among others', { aud: ['web', 'imap'] }, { audience: ['mail', 'imap'] }],
    ['our scope', { scope: 'openid mail' }, { scope: 'mail' }],
    ['another claim', { username: 'ann@example.net', email: 7 }, { nameClaim: 'username' }],
  ])('good: %s', async (_, changes, options) => {
    say({ ...good, ...changes })
    expect(await verifier(options).verify('token')).toMatchObject({ name: 'ann@example.net' })
  })

  it.each<readonly [string, Record<string, unknown>, Partial<IntrospectionOptions>]>([
    ['inactive', { active: false }, {}],
    ['active, in a text', { active: 'true' }, {}],
    ['no word of being active', { active: undefined }, {}],
    ['expired', { exp: startSeconds - 30 }, {}],
    ['expires at no time', { exp: 'never' }, {}],
    ['not yet valid', { nbf: startSeconds + 31 }, {}],
    ['another issuer', { iss: 'https://other.example' }, { issuer: 'https://id.example' }],
    ['no issuer', {}, { issuer: 'https://id.example' }],
    ['another audience', { aud: ['web'] }, { audience: 'mail' }],
    ['no audience', {}, { audience: 'mail' }],
    ['another scope', { scope: 'mailbox' }, { scope: 'mail' }],
    ['no name', { email: undefined }, {}],
    ['an address nobody has checked', { email_verified: false }, {}],
    ['an address of which nobody says that it was checked', { email_verified: undefined }, {}],
  ])('bad: %s', async (_, changes, options) => {
    say({ ...good, ...changes })
    expect(await verifier(options).verify('token')).toBeUndefined()
  })

  it.each(['', 'a'.repeat(65_537)])('does not ask about what is no token', async token => {
    expect(await verifier().verify(token)).toBeUndefined()
    expect(server.requests).toEqual([])
  })
})

describe('what is remembered', () => {
  it('a good token, for a minute', async () => {
    const tokens = verifier()
    await tokens.verify('token')
    say({ active: false })
    clockMs += 59_999
    expect(await tokens.verify('token')).toBeDefined()
    expect(server.requests.length).toBe(1)
    clockMs += 1
    expect(await tokens.verify('token')).toBeUndefined()
    expect(server.requests.length).toBe(2)
  })

  it('no longer than the token lasts', async () => {
    say({ ...good, exp: startSeconds + 10 })
    const tokens = verifier()
    await tokens.verify('token')
    clockMs += 9999
    await tokens.verify('token')
    expect(server.requests.length).toBe(1)
    clockMs += 1
    await tokens.verify('token')
    expect(server.requests.length).toBe(2)
  })

  it('not of another token', async () => {
    const tokens = verifier()
    await tokens.verify('token')
    await tokens.verify('tokem')
    expect(server.requests.length).toBe(2)
  })

  it('nothing of a bad token', async () => {
    say({ active: false })
    const tokens = verifier()
    await tokens.verify('token')
    say(good)
    expect(await tokens.verify('token')).toBeDefined()
  })
})

describe('a server that cannot answer', () => {
  it.each<readonly [string, () => void]>([
    ['does not know us', () => say({ error: 'invalid_client' }, 401)],
    ['is broken', () => say('oops', 500)],
    ['answers no JSON', () => say('<html>')],
    ['answers null', () => say(null)],
    ['answers a list', () => say([good])],
    ['answers without end', () => say({ ...good, x: 'x'.repeat(300_000) })],
    ['never answers', () => say(undefined)],
  ])('%s: refused, and said without the token', async (_, spoil) => {
    spoil()
    const error: unknown = await verifier({ timeoutMs: 200 })
      .verify('very-secret-token')
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'directory-unavailable' })
    expect(`${String(error)} ${String((error as Error).cause)}`).not.toContain('secret')
  })

  it('is not there', async () => {
    const tokens = verifier()
    await server.close()
    await expect(tokens.verify('token')).rejects.toMatchObject({ code: 'directory-unavailable' })
    server = await startWebServer()
  })

  it.each([
    'http://id.example/introspect',
    'https://a@id.example/',
    'ftp://127.0.0.1/',
    '',
  ])('must not be at %j', url => {
    expect(() => verifier({ url })).toThrow(TypeError)
  })

  it.each([
    'https://id.example/',
    'http://localhost:1/',
    'http://[::1]:1/',
    'http://127.0.0.2/',
  ])('may be at %j', url => {
    expect(() => verifier({ url })).not.toThrow()
  })
})
