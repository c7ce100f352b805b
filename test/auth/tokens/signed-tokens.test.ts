// Signed tokens against an issuer on loopback: which are good, and how often the issuer is asked.
import { createHmac } from 'node:crypto'
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from 'jose'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { SignedTokenOptions } from '../../../src/auth/tokens/signed-tokens.ts'
import { createTokenVerifier, type TokenVerifier } from '../../../src/auth/tokens/token-verifier.ts'
import { startWebServer, type WebServer } from './web-server.ts'

interface Pair {
  readonly algorithm: string
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly jwk: JWK
}

async function makePair(algorithm: string, kid: string): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  return {
    algorithm,
    kid,
    privateKey,
    publicKey,
    jwk: { ...(await exportJWK(publicKey)), kid, alg: algorithm },
  }
}

const start = Date.UTC(2026, 0, 1)
const audience = 'mail'
const jwksPath = '/keys'
const discoveryPath = '/.well-known/openid-configuration'

let pairs: readonly [Pair, Pair, Pair, Pair]
let server: WebServer
let clockMs: number

beforeAll(async () => {
  pairs = [
    await makePair('RS256', 'r'),
    await makePair('PS256', 'p'),
    await makePair('ES256', 'e'),
    await makePair('EdDSA', 'd'),
  ]
})

beforeEach(async () => {
  clockMs = start
  server = await startWebServer()
  publish(...pairs)
  server.answers.set(discoveryPath, { body: { issuer: server.url, jwks_uri: server.url + jwksPath } })
})

afterEach(() => server.close())

function publish(...published: readonly Pair[]): void {
  server.answers.set(jwksPath, { body: { keys: published.map(pair => pair.jwk) } })
}

function verifier(options: Partial<SignedTokenOptions> = {}): TokenVerifier {
  const jwksUrl = server.url + jwksPath
  return createTokenVerifier({
    kind: 'jwt',
    issuer: server.url,
    audience,
    jwksUrl,
    timeoutMs: 2000,
    now: () => clockMs,
    ...options,
  })
}

const seconds = (offset: number) => clockMs / 1000 + offset

function claims(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const good = {
    iss: server.url,
    aud: audience,
    exp: seconds(600),
    email: 'ann@example.net',
    email_verified: true,
  }
  return Object.fromEntries(
    Object.entries({ ...good, ...changes }).filter(([, value]) => value !== undefined),
  )
}

function sign(payload: Record<string, unknown>, pair: Pair = pairs[2], header: Record<string, unknown> = {}) {
  return new SignJWT(payload)
    .setProtectedHeader({ alg: pair.algorithm, kid: pair.kid, ...header })
    .sign(pair.privateKey, { crit: { x: true } })
}

/** A token as an attacker writes it. */
function forge(header: object, payload: object, signature: (input: string) => string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${part(header)}.${part(payload)}`
  return `${input}.${signature(input)}`
}

describe('good tokens', () => {
  it.each([0, 1, 2, 3] as const)('signed by key %i', async index => {
    const verified = await verifier().verify(await sign(claims(), pairs[index]))
    expect(verified).toEqual({ name: 'ann@example.net', expiresAt: new Date(start + 600_000) })
  })

  it.each<readonly [string, Record<string, unknown>, Partial<SignedTokenOptions>]>([
    ['one audience of several', { aud: ['web', audience] }, {}],
    ['one of our audiences', { aud: 'imap' }, { audience: [audience, 'imap'] }],
    ['clocks differ a little', { exp: start / 1000 - 29, nbf: start / 1000 + 29 }, {}],
    ['a scope among others', { scope: 'openid mail' }, { scope: 'mail' }],
    ['scopes in a list', { scp: ['openid', 'mail'] }, { scope: 'mail' }],
    ['a verified address, written as a text', { email_verified: 'true' }, {}],
    [
      'another claim',
      { preferred_username: 'ann@example.net', email: undefined },
      { nameClaim: 'preferred_username' },
    ],
    [
      'another claim, the address not verified',
      { sub: 'ann@example.net', email_verified: false },
      { nameClaim: 'sub' },
    ],
  ])('%s', async (_, changes, options) => {
    expect(await verifier(options).verify(await sign(claims(changes)))).toMatchObject({
      name: 'ann@example.net',
    })
  })
})

describe('bad tokens', () => {
  it.each<readonly [string, Record<string, unknown>, Partial<SignedTokenOptions>]>([
    ['another issuer', { iss: 'https://other.example' }, {}],
    ['no issuer', { iss: undefined }, {}],
    ['another audience', { aud: 'web' }, {}],
    ['no audience', { aud: undefined }, {}],
    ['expired', { exp: start / 1000 - 31 }, {}],
    ['never expires', { exp: undefined }, {}],
    ['expires at no time', { exp: 'tomorrow' }, {}],
    ['not yet valid', { nbf: start / 1000 + 31 }, {}],
    ['no name', { email: undefined }, {}],
    ['an empty name', { email: '' }, {}],
    ['a name that is no text', { email: ['ann@example.net'] }, {}],
    ['a name with a newline', { email: 'ann\n' }, {}],
    ['a name too long', { email: 'a'.repeat(256) }, {}],
    ['an address of which nobody says that it was checked', { email_verified: undefined }, {}],
    ['an address nobody has checked', { email_verified: false }, {}],
    ['an address checked in no known way', { email_verified: 1 }, {}],
    ['the same, written as a text', { email_verified: 'false' }, {}],
    ['no scope', {}, { scope: 'mail' }],
    ['another scope', { scope: 'mailbox' }, { scope: 'mail' }],
    ['a scope that is no text', { scope: { mail: true } }, { scope: 'mail' }],
  ])('%s', async (_, changes, options) => {
    expect(await verifier(options).verify(await sign(claims(changes)))).toBeUndefined()
  })

  it.each<readonly [string, () => Promise<string> | string]>([
    ['nothing', () => ''],
    ['garbage', () => 'garbage'],
    ['dots', () => '..'],
    ['parts that are no JSON', () => 'AAAA.AAAA.AAAA'],
    ['too long', () => 'a'.repeat(65_537)],
    ['alg none', () => new UnsecuredJWT(claims()).encode()],
    ['alg none with the kid of a key', () => forge({ alg: 'none', kid: 'r' }, claims(), () => '')],
    [
      'HS256 with the public key as the secret',
      async () => {
        const secret = await exportSPKI(pairs[0].publicKey)
        const mac = (input: string) => createHmac('sha256', secret).update(input).digest('base64url')
        return forge({ alg: 'HS256', kid: 'r' }, claims(), mac)
      },
    ],
    ['the signature of another key', async () => sign(claims(), await makePair('ES256', 'e'))],
    ['an algorithm that the key is not for', () => sign(claims(), { ...pairs[2], kid: 'r' })],
    ['an extension that must be understood', () => sign(claims(), pairs[2], { crit: ['x'], x: 1 })],
    [
      'the key brought along',
      async () => {
        const own = await makePair('ES256', 'own')
        return sign(claims(), own, { jwk: own.jwk, kid: undefined })
      },
    ],
    [
      'claims changed afterwards',
      async () => {
        const [header, , signature] = (await sign(claims())).split('.')
        const payload = Buffer.from(JSON.stringify(claims({ email: 'bob@example.net' }))).toString(
          'base64url',
        )
        return `${header}.${payload}.${signature}`
      },
    ],
    ['no signature', async () => (await sign(claims())).replace(/[^.]*$/, '')],
  ])('%s', async (_, make) => {
    expect(await verifier().verify(await make())).toBeUndefined()
  })

  it('an algorithm that is not wanted', async () => {
    const token = await sign(claims(), pairs[0])
    expect(await verifier({ algorithms: ['ES256'] }).verify(token)).toBeUndefined()
  })
})

describe('the keys', () => {
  it('are fetched once', async () => {
    const tokens = verifier()
    for (let times = 0; times < 5; times += 1) expect(await tokens.verify(await sign(claims()))).toBeDefined()
    expect(server.countOf(jwksPath)).toBe(1)
  })

  it('are fetched once for many that come together', async () => {
    const tokens = verifier()
    const token = await sign(claims())
    const verified = await Promise.all(Array.from({ length: 20 }, () => tokens.verify(token)))
    expect(verified.every(Boolean)).toBe(true)
    expect(server.countOf(jwksPath)).toBe(1)
  })

  it('are found where the issuer says', async () => {
    const tokens = createTokenVerifier({ kind: 'jwt', issuer: server.url, audience, now: () => clockMs })
    expect(await tokens.verify(await sign(claims()))).toBeDefined()
    expect(server.countOf(discoveryPath)).toBe(1)
  })

  it('rotate: an unknown key is looked for, after the cooldown', async () => {
    const tokens = verifier()
    const fresh = await makePair('ES256', 'fresh')
    expect(await tokens.verify(await sign(claims()))).toBeDefined()
    publish(fresh)
    expect(await tokens.verify(await sign(claims(), fresh))).toBeUndefined()
    clockMs += 30_000
    expect(await tokens.verify(await sign(claims(), fresh))).toBeDefined()
    expect(await tokens.verify(await sign(claims()))).toBeUndefined()
    expect(server.countOf(jwksPath)).toBe(2)
  })

  it('are not fetched for each of many unknown ones', async () => {
    const tokens = verifier()
    const stranger = await makePair('ES256', 'x')
    for (let count = 0; count < 100; count += 1) {
      const token = await sign(claims(), { ...stranger, kid: `unknown-${count}` })
      expect(await tokens.verify(token)).toBeUndefined()
      clockMs += 1000
    }
    // One at first, then one every 30 seconds.
    expect(server.countOf(jwksPath)).toBe(4)
  })

  it('that were withdrawn count for ten minutes', async () => {
    const tokens = verifier()
    expect(await tokens.verify(await sign(claims()))).toBeDefined()
    publish(pairs[0])
    clockMs += 600_000
    expect(await tokens.verify(await sign(claims()))).toBeDefined()
    clockMs += 1
    expect(await tokens.verify(await sign(claims()))).toBeUndefined()
  })

  it('are believed for an hour when the issuer is down', async () => {
    const tokens = verifier()
    expect(await tokens.verify(await sign(claims()))).toBeDefined()
    server.answers.delete(jwksPath)
    clockMs += 3_600_000
    expect(await tokens.verify(await sign(claims()))).toBeDefined()
    await expect(tokens.verify(await sign(claims(), { ...pairs[2], kid: 'new' }))).rejects.toMatchObject({
      code: 'directory-unavailable',
    })
    clockMs += 1
    await expect(tokens.verify(await sign(claims()))).rejects.toMatchObject({ code: 'directory-unavailable' })
  })
})

describe('an issuer that is down', () => {
  it.each<readonly [string, () => void]>([
    ['answers 500', () => server.answers.set(jwksPath, { status: 500, body: {} })],
    [
      'redirects',
      () => server.answers.set(jwksPath, { status: 302, headers: { location: '/keys2' }, body: '' }),
    ],
    ['answers no JSON', () => server.answers.set(jwksPath, { body: '<html>' })],
    ['answers a list', () => server.answers.set(jwksPath, { body: [] })],
    ['answers without keys', () => server.answers.set(jwksPath, { body: { keys: 'none' } })],
    [
      'answers without end',
      () => server.answers.set(jwksPath, { body: { keys: [], x: 'x'.repeat(300_000) } }),
    ],
    ['never answers', () => server.answers.set(jwksPath, { body: undefined })],
  ])('%s: refused, and not asked for each token', async (_, spoil) => {
    server.answers.set('/keys2', { body: { keys: pairs.map(pair => pair.jwk) } })
    spoil()
    const tokens = verifier({ timeoutMs: 200 })
    for (let times = 0; times < 3; times += 1)
      await expect(tokens.verify(await sign(claims()))).rejects.toMatchObject({
        code: 'directory-unavailable',
      })
    expect(server.requests.length).toBe(1)
    publish(...pairs)
    clockMs += 30_000
    expect(await tokens.verify(await sign(claims()))).toBeDefined()
  })

  it('says nothing of the token', async () => {
    server.answers.delete(jwksPath)
    const token = await sign(claims())
    const error: unknown = await verifier()
      .verify(token)
      .catch((thrown: unknown) => thrown)
    const told = JSON.stringify([String(error), String((error as Error).cause)])
    expect(token.split('.').some(part => told.includes(part))).toBe(false)
  })

  it.each<readonly [string, (url: string) => Record<string, unknown>]>([
    ['another issuer', url => ({ issuer: 'https://other.example', jwks_uri: url + jwksPath })],
    ['no address', url => ({ issuer: url })],
    ['an address in clear', url => ({ issuer: url, jwks_uri: 'http://keys.example/keys' })],
  ])('a discovery document with %s', async (_, document) => {
    server.answers.set(discoveryPath, { body: document(server.url) })
    const tokens = createTokenVerifier({ kind: 'jwt', issuer: server.url, audience, now: () => clockMs })
    await expect(tokens.verify(await sign(claims()))).rejects.toMatchObject({ code: 'directory-unavailable' })
    expect(server.countOf(jwksPath)).toBe(0)
  })
})

describe('options that are not safe', () => {
  it.each<readonly [string, Partial<SignedTokenOptions>]>([
    ['keys in clear', { jwksUrl: 'http://id.example/keys' }],
    ['keys in a file', { jwksUrl: 'file:///etc/passwd' }],
    ['no address', { jwksUrl: 'keys' }],
    ['a password in the address', { jwksUrl: 'https://a:b@id.example/' }],
    ['alg none', { algorithms: ['none'] }],
    ['shared secrets', { algorithms: ['RS256', 'HS256'] }],
    ['no audience', { audience: [] }],
    ['an empty audience', { audience: '' }],
  ])('%s', (_, options) => {
    expect(() => verifier(options)).toThrow(TypeError)
  })

  it('an issuer in clear', () => {
    expect(() => createTokenVerifier({ kind: 'jwt', issuer: 'http://id.example', audience })).toThrow(
      TypeError,
    )
  })
})
