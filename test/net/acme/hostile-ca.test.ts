// A CA that answers badly: whatever it does is one line in the log and another attempt later, never a crash, an endless
// run, or a certificate that is of no use.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Agent, createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { askCa, retryAfterMs } from '../../../src/net/acme/ca-requests.ts'
import { begin, endAll } from './renewal.ts'
import { makeServerCertificate } from './server-certificate.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

let folder: string
let server: Server
let base: string
let agent: Agent
/** What the test at hand has answered in its own way, by path. */
let answers: Record<string, Answer> = {}
let asked: string[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-ca-'))
  await makeServerCertificate(folder)
  const [cert, key] = ['server.pem', 'server.key'].map(name => readFileSync(join(folder, name)))
  server = createServer({ cert, key }, (request, response) => {
    const path = request.url ?? ''
    asked.push(`${request.method} ${path}`)
    response.setHeader('replay-nonce', 'bm9uY2U')
    const answer = answers[path] ?? usual[path]
    if (answer) answer(request, response)
    else response.writeHead(404).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  base = `https://localhost:${(server.address() as AddressInfo).port}`
  agent = new Agent({ ca: readFileSync(join(folder, 'ca.pem')) })
})

afterEach(async () => {
  await endAll()
  answers = {}
  asked = []
})

afterAll(() => {
  agent.destroy()
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

function json(value: unknown, status = 200, headers: Record<string, string> = {}): Answer {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(value))
  }
}

function text(value: string, status = 200, headers: Record<string, string> = {}): Answer {
  return (_request, response) => {
    response.writeHead(status, headers)
    response.end(value)
  }
}

function problem(type: string, detail: string, status: number, headers: Record<string, string> = {}): Answer {
  return json({ type: `urn:ietf:params:acme:error:${type}`, detail }, status, headers)
}

const order = () => ({
  status: 'pending',
  authorizations: [`${base}/authorization`],
  finalize: `${base}/finalize`,
})

const authorization = () => ({
  status: 'pending',
  identifier: { type: 'dns', value: 'mail.poplar.test' },
  challenges: [{ type: 'http-01', status: 'pending', url: `${base}/challenge`, token: 'token' }],
})

/** A CA that authorizes at once, and gives a certificate that is not for our key. */
const usual: Record<string, Answer> = {
  '/dir': (...both) =>
    json({
      newNonce: `${base}/nonce`,
      newAccount: `${base}/account`,
      newOrder: `${base}/order`,
      meta: { termsOfService: `${base}/terms` },
    })(...both),
  '/nonce': text(''),
  '/account': (...both) => json({ status: 'valid' }, 201, { location: `${base}/account/1` })(...both),
  '/order': (...both) => json(order(), 201, { location: `${base}/order/1` })(...both),
  '/authorization': (...both) => json({ ...authorization(), status: 'valid' })(...both),
  '/order/1': (...both) => json({ ...order(), status: 'ready' })(...both),
  '/finalize': (...both) =>
    json({ ...order(), status: 'valid', certificate: `${base}/certificate` })(...both),
  '/certificate': (...both) => text(readFileSync(join(folder, 'server.pem'), 'utf8'))(...both),
  '/challenge': json({ status: 'processing' }),
}

const hour = 3_600_000

describe('a run with a CA that', () => {
  it.each<[string, string, () => Answer, RegExp, string?]>([
    ['has no directory', '/dir', () => text('no', 404), /^localhost:\d+ answers 404$/],
    ['has a page for a directory', '/dir', () => text('<html>'), /Unable to locate API resource/],
    ['has null for a directory', '/dir', () => text('null'), /returned no data/],
    ['sends us elsewhere', '/dir', () => text('', 302, { location: `${base}/dir` }), /answers 302$/],
    [
      'names addresses in clear',
      '/dir',
      () => json({ newNonce: 'http://127.0.0.1:9/nonce', newAccount: 'http://127.0.0.1:9/account' }),
      /^the CA names an address without https: 127\.0\.0\.1:9$/,
    ],
    ['names no address at all', '/dir', () => json({ newNonce: 'x', newAccount: '' }), /URL/],
    [
      'has no nonce',
      '/nonce',
      () => (_request, response) => {
        response.removeHeader('replay-nonce')
        response.end()
      },
      /nonce/,
    ],
    [
      'refuses every nonce',
      '/account',
      () => problem('badNonce', 'old\u001b[2Jnonce\r\nhere', 400),
      /^old \[2Jnonce here$/,
    ],
    [
      'refuses the account',
      '/account',
      () => problem('unauthorized', 'deactivated', 403),
      /^deactivated$/,
      'urn:ietf:params:acme:error:unauthorized',
    ],
    ['gives no address for the account', '/account', () => json({ status: 'valid' }, 201), /account/],
    [
      'refuses the name',
      '/order',
      () => problem('rejectedIdentifier', 'not\u0000that\none', 400),
      /^not that one$/,
      'urn:ietf:params:acme:error:rejectedIdentifier',
    ],
    ['gives no address for the order', '/order', () => json(order(), 201), /order link/],
    [
      'gives an order of nothing',
      '/order',
      () => json({}, 201, { location: base }),
      /authorizations make no/,
    ],
    [
      'gives an order of thousands',
      '/order',
      () =>
        json({ ...order(), authorizations: Array<string>(5_000).fill(`${base}/authorization`) }, 201, {
          location: base,
        }),
      /authorizations make no sense/,
    ],
    [
      'offers no challenge we know',
      '/authorization',
      () => json({ ...authorization(), challenges: [] }),
      /http-01/,
    ],
    ['offers nothing', '/authorization', () => json({ status: 'pending' }), /makes no sense/],
    [
      'gives a token of its own kind',
      '/authorization',
      () =>
        json({
          ...authorization(),
          challenges: [{ type: 'http-01', url: `${base}/challenge`, token: '../\r\n\u00e4' }],
        }),
      /token/,
    ],
    ['never decides', '/authorization', () => json(authorization()), /does not come to a decision/],
    [
      'finds the authorization invalid',
      '/authorization',
      () =>
        json({
          ...authorization(),
          status: 'invalid',
          challenges: [{ type: 'http-01', error: { type: 'urn:x', detail: 'no route' } }],
        }),
      /^mail\.poplar\.test: no route$/,
      'urn:x',
    ],
    ['revokes it', '/authorization', () => json({ ...authorization(), status: 'revoked' }), /is revoked$/],
    [
      'finds the order invalid',
      '/order/1',
      () => json({ ...order(), status: 'invalid', error: { type: 'urn:x', detail: 'CAA' } }),
      /^CAA$/,
      'urn:x',
    ],
    ['knows a state nobody knows', '/order/1', () => json({ ...order(), status: 'maybe' }), /decision/],
    ['gives nothing to finalize', '/order/1', () => json({ status: 'ready' }), /finalize/],
    ['gives the certificate of another key', '/certificate', () => usual['/certificate']!, /fits the key$/],
    ['gives no certificate', '/certificate', () => text(''), /fits the key$/],
    ['gives a JSON certificate', '/certificate', () => json([{}]), /fits the key$/],
    ['floods', '/certificate', () => text('x'.repeat(300_000)), /answers more than 262144 octets$/],
    [
      'hangs up in the middle',
      '/certificate',
      () => (_request, response) => {
        response.writeHead(200, { 'content-length': '1000' })
        response.write('-----BEGIN')
        setImmediate(() => response.destroy())
      },
      /^localhost:\d+: aborted$/,
    ],
  ])('%s', async (_reason, path, answer, reason, type) => {
    answers = { [path]: answer() }
    const { acme, clock, lines } = await begin({
      directoryUrl: `${base}/dir`,
      caFile: join(folder, 'ca.pem'),
    })
    await clock.untilWaiting()
    expect(lines).toHaveLength(1)
    expect(lines[0]!.level).toBe('warn')
    expect(lines[0]!.fields['reason']).toMatch(reason)
    expect(lines[0]!.fields['problem']).toBe(type)
    expect(acme.files).toBeUndefined()
    expect(JSON.stringify(lines)).not.toContain('PRIVATE KEY')
  })

  it.each([
    [
      'limits us for two hours',
      '/order',
      () => problem('rateLimited', 'too many', 429, { 'retry-after': '7200' }),
    ],
    ['limits us and says no more', '/order', () => text('', 429, { 'retry-after': '7200' })],
    ['is under repair', '/dir', () => text('', 503, { 'retry-after': '7200' })],
  ])('%s is asked once, and left alone that long', async (_reason, path, answer) => {
    answers = { [path]: answer() }
    const { clock } = await begin({ directoryUrl: `${base}/dir`, caFile: join(folder, 'ca.pem') })
    const waitMs = await clock.untilWaiting()
    expect(waitMs).toBeGreaterThanOrEqual(2 * hour)
    expect(waitMs).toBeLessThanOrEqual(2.4 * hour)
    expect(asked.filter(line => line.endsWith(path))).toHaveLength(1)
  })

  it('says nothing is given up when the office closes', async () => {
    let reached: (() => void) | undefined
    const silence = new Promise<void>(resolve => (reached = resolve))
    answers = { '/order': () => reached?.() }
    const { acme, lines } = await begin({ directoryUrl: `${base}/dir`, caFile: join(folder, 'ca.pem') })
    await silence
    expect(acme.renewing).toBe(true)
    await acme.close()
    expect(lines).toEqual([])
  })
})

describe('one request', () => {
  const ask = (path: string, timeoutMs = 10_000) =>
    askCa(
      { url: base + path, method: 'get', headers: {}, body: undefined },
      { agent, signal: new AbortController().signal, timeoutMs },
    )

  it('is given up when no answer comes in time', async () => {
    answers = { '/dir': () => undefined }
    await expect(ask('/dir', 50)).rejects.toThrow(/^localhost:\d+: no answer in time$/)
  })

  it('is given up when the answer does not end in time', async () => {
    answers = { '/dir': (_request, response) => void response.writeHead(200).write('{') }
    await expect(ask('/dir', 300)).rejects.toThrow(/^localhost:\d+: no answer in time$/)
  })

  it.each([
    ['seconds', '120', 120_000],
    ['a date', 'Thu, 01 Jan 1970 00:02:00 GMT', 120_000],
    ['a date in the past', 'Wed, 31 Dec 1969 23:00:00 GMT', undefined],
    ['nothing', '', undefined],
    ['no number', 'soon', undefined],
    ['zero', '0', undefined],
    ['a negative number', '-5', undefined],
    ['more than a number holds', '9'.repeat(400), undefined],
  ])('that is answered with Retry-After of %s', (_reason, value, expected) => {
    expect(retryAfterMs({ 'retry-after': value }, 0)).toBe(expected)
  })
})
