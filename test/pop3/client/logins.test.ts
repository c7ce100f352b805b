// Every way to log in, and every way to TLS, against our own server with all its mechanisms.
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuthenticator, type OfficeAuthenticator } from '../../../src/auth/authenticator.ts'
import { createSecretBox } from '../../../src/auth/sealed-secret.ts'
import { storePassword } from '../../../src/auth/stored-password.ts'
import { type Certificates, createCertificates } from '../../../src/net/certificates.ts'
import { silentLog } from '../../../src/net/log.ts'
import {
  type ConnectOptions,
  connect,
  external,
  oauth2,
  type PasswordMechanism,
  password,
} from '../../../src/pop3/client/index.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { type Authority, makeAuthority, makeCertificate, type Pair } from '../../net/tls-fixtures.ts'
import { type Office, openOffice } from '../office.ts'

const cost = { memoryKiB: 8192, passes: 1, lanes: 1 }
const secret = 'correct horse'
const goodToken = 'good.token.carol'

let folder: string
let authority: Authority
let serverPair: Pair
let clientPair: Pair
let certificates: Certificates
let authenticator: OfficeAuthenticator
let office: Office
let popsOffice: Office

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-logins-'))
  authority = await makeAuthority()
  serverPair = await makeCertificate({ names: ['localhost'], authority })
  clientPair = await makeCertificate({ mails: ['carol@pop.example'], authority })
  const files = { certFile: join(folder, 'a.crt'), keyFile: join(folder, 'a.key') }
  writeFileSync(files.certFile, serverPair.cert)
  writeFileSync(files.keyFile, serverPair.key)
  writeFileSync(join(folder, 'ca.crt'), authority.cert)
  certificates = createCertificates({ files: [files], clientCaFile: join(folder, 'ca.crt'), log: silentLog })
  const store = createMemoryStore()
  const box = createSecretBox(Buffer.alloc(32, 7))
  const options = { cost, scramIterations: 4096, box, owner: 'carol' }
  await store.addAccount({ name: 'carol', ...(await storePassword(Buffer.from(secret), options)) })
  authenticator = createAuthenticator(store, {
    localDomains: ['pop.example'],
    cost,
    registry: store,
    appPasswords: store,
    box,
    tokens: {
      verify: async token =>
        token === goodToken ? { name: 'carol@pop.example', expiresAt: undefined } : undefined,
    },
    throttle: { maxDelayMs: 0 },
  })
  const shared = {
    store,
    tls: certificates,
    authenticator: () => authenticator,
    limits: { loginFailures: 1000 },
  }
  office = await openOffice(shared)
  // She has no SCRAM keys, so that SCRAM would not be offered.
  await store.removeAccount('alice')
  popsOffice = await openOffice({ ...shared, implicitTls: true })
  await store.removeAccount('alice')
})
afterAll(async () => {
  await office.stop()
  await popsOffice.stop()
  await authenticator.close()
  certificates.close()
  rmSync(folder, { recursive: true, force: true })
})

type Where = 'none' | 'stls' | 'implicit'

function optionsOn(tls: Where): Omit<ConnectOptions, 'auth'> {
  const { port } = tls === 'implicit' ? popsOffice : office
  const certificate = { serverName: 'localhost', authority: authority.cert }
  return { host: '127.0.0.1', port, tls, certificate, allowCleartextAuth: tls === 'none' }
}

/** Logs in, and gives the commands that were said, without CAPA. */
async function commandsOf(options: ConnectOptions): Promise<string[]> {
  const sent: string[] = []
  const tap: ConnectOptions['tap'] = ({ direction, octets }) => {
    if (direction === 'sent') sent.push(Buffer.from(octets).toString().trimEnd())
  }
  const session = await connect({ ...options, tap })
  await session.noop()
  await session.commit()
  return sent.filter(line => !/^(?:CAPA|NOOP|QUIT|\*{4}|STLS)$/.test(line))
}

function pinOf({ cert }: Pair): string {
  const key = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' })
  return `sha256/${createHash('sha256').update(key).digest('base64')}`
}

describe('with a password', () => {
  it.each<[Where, string[]]>([
    ['none', ['AUTH SCRAM-SHA-256 ****']],
    ['stls', ['AUTH SCRAM-SHA-256-PLUS ****']],
    ['implicit', ['AUTH SCRAM-SHA-256-PLUS ****']],
  ])('takes the safest way, with TLS %s', async (tls, commands) => {
    expect(await commandsOf({ ...optionsOn(tls), auth: password('carol', secret) })).toEqual(commands)
  })

  it.each<[PasswordMechanism, Where, RegExp]>([
    ['SCRAM-SHA-1', 'none', /^AUTH SCRAM-SHA-1 \*{4}$/],
    ['SCRAM-SHA-256', 'stls', /^AUTH SCRAM-SHA-256 \*{4}$/],
    ['SCRAM-SHA-1-PLUS', 'implicit', /^AUTH SCRAM-SHA-1-PLUS \*{4}$/],
    ['CRAM-MD5', 'none', /^AUTH CRAM-MD5$/],
    ['APOP', 'none', /^APOP carol \*{4}$/],
    ['PLAIN', 'stls', /^AUTH PLAIN \*{4}$/],
    ['LOGIN', 'stls', /^AUTH LOGIN$/],
    ['USER', 'stls', /^USER carol\nPASS \*{4}$/],
  ])('by %s, with TLS %s', async (mechanism, tls, commands) => {
    const auth = password('carol', secret, { mechanisms: [mechanism] })
    expect((await commandsOf({ ...optionsOn(tls), auth })).join('\n')).toMatch(commands)
    const wrong = password('carol', 'wrong', { mechanisms: [mechanism] })
    const code = mechanism.startsWith('SCRAM') ? /login-refused/ : /^login-refused$/
    await expect(connect({ ...optionsOn(tls), auth: wrong })).rejects.toMatchObject({
      code: expect.stringMatching(code) as string,
      phase: 'login',
    })
  })

  it('binds to TLS 1.2, too', async () => {
    const auth = password('carol', secret, { mechanisms: ['SCRAM-SHA-256-PLUS'] })
    const { certificate, ...options } = optionsOn('stls')
    const session = await connect({
      ...options,
      certificate: { ...certificate, options: { maxVersion: 'TLSv1.2' } },
      auth,
    })
    session.abandon()
    const pin = pinOf(serverPair)
    const pinned = { ...certificate, options: { maxVersion: 'TLSv1.2' } } as const
    ;(await connect({ ...options, certificate: pinned, pin, auth })).abandon()
  })
})

describe('with a token', () => {
  it.each(['XOAUTH2', 'OAUTHBEARER'] as const)('by %s, and once more with a new one', async mechanism => {
    const asked: boolean[] = []
    const token = async (isRetry: boolean) => {
      asked.push(isRetry)
      return isRetry ? goodToken : 'old.token'
    }
    const auth = oauth2('carol@pop.example', token, { mechanisms: [mechanism] })
    const session = await connect({ ...optionsOn('stls'), auth })
    session.abandon()
    expect(asked).toEqual([false, true])
  })

  it('is refused twice at most', async () => {
    let asked = 0
    const auth = oauth2('carol@pop.example', () => `bad.token.${asked++}`)
    await expect(connect({ ...optionsOn('stls'), auth })).rejects.toMatchObject({ code: 'login-refused' })
    expect(asked).toBe(2)
  })
})

describe('with a certificate', () => {
  it('by EXTERNAL', async () => {
    const { certificate, ...options } = optionsOn('implicit')
    const identity = { certificate: clientPair.cert, key: clientPair.key }
    const session = await connect({ ...options, certificate: { ...certificate, identity }, auth: external() })
    session.abandon()
    await expect(connect({ ...optionsOn('implicit'), auth: external() })).rejects.toMatchObject({
      code: 'no-mechanism',
    })
  })
})

describe('the server', () => {
  const auth = password('carol', secret)

  it.each(['stls', 'implicit'] as const)('must be vouched for, and have its name, with TLS %s', async tls => {
    const options = optionsOn(tls)
    await expect(connect({ ...options, certificate: {}, auth })).rejects.toMatchObject({
      code: 'tls-failed',
      retry: 'never',
    })
    const other = { authority: authority.cert, serverName: 'other.example' }
    await expect(connect({ ...options, certificate: other, auth })).rejects.toMatchObject({
      code: 'tls-failed',
    })
  })

  it.each(['stls', 'implicit'] as const)('must have the key that is pinned, with TLS %s', async tls => {
    const pin = pinOf(serverPair)
    const options = { ...optionsOn(tls), auth }
    for (const pins of [pin, [pinOf(clientPair), pin]]) (await connect({ ...options, pin: pins })).abandon()
    await expect(connect({ ...options, pin: pinOf(clientPair) })).rejects.toMatchObject({
      code: 'tls-failed',
      message: expect.stringContaining(pin) as string,
    })
    // A pin does not make good a certificate that nobody vouches for, unless that is said.
    await expect(connect({ ...options, certificate: {}, pin })).rejects.toMatchObject({ code: 'tls-failed' })
    const unverified = { serverName: 'localhost', verify: false }
    ;(await connect({ ...options, certificate: unverified, pin })).abandon()
    const wrong = connect({ ...options, certificate: unverified, pin: pinOf(clientPair) })
    await expect(wrong).rejects.toMatchObject({ code: 'tls-failed' })
  })
})
