// Every way in over every channel, from the wire to the account: what CAPA announces works, what it does not announce
// does not, and whatever is wrong is answered alike.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuthenticator, type OfficeAuthenticator } from '../../src/auth/authenticator.ts'
import { oauthbearerClient, xoauth2Client } from '../../src/auth/mechanisms/bearer-clients.ts'
import { cramMd5Client } from '../../src/auth/mechanisms/cram-md5-client.ts'
import { externalClient } from '../../src/auth/mechanisms/external-client.ts'
import { loginClient } from '../../src/auth/mechanisms/login-client.ts'
import { plainClient } from '../../src/auth/mechanisms/plain-client.ts'
import { scramClient } from '../../src/auth/mechanisms/scram-client.ts'
import type { SaslClient } from '../../src/auth/sasl-client.ts'
import { createSecretBox } from '../../src/auth/sealed-secret.ts'
import { storePassword } from '../../src/auth/stored-password.ts'
import type { Store } from '../../src/mail/store.ts'
import { type Certificates, createCertificates } from '../../src/net/certificates.ts'
import { silentLog } from '../../src/net/log.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { type Authority, makeAuthority, makeCertificate, type Pair } from '../net/tls-fixtures.ts'
import { type Office, openOffice } from './office.ts'
import { Peer } from './peer.ts'

const cost = { memoryKiB: 8192, passes: 1, lanes: 1 }
const password = 'correct horse'
const goodToken = 'good.token.alice'
const failed = '-ERR [AUTH] authentication failed'

let folder: string
let authority: Authority
let clientPair: Pair
let certificates: Certificates
let store: Store
let authenticator: OfficeAuthenticator
let office: Office

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-mechanisms-'))
  authority = await makeAuthority()
  const pair = await makeCertificate({ names: ['localhost'], authority })
  clientPair = await makeCertificate({ mails: ['carol@pop.example'], authority })
  const files = { certFile: join(folder, 'a.crt'), keyFile: join(folder, 'a.key') }
  writeFileSync(files.certFile, pair.cert)
  writeFileSync(files.keyFile, pair.key)
  writeFileSync(join(folder, 'ca.crt'), authority.cert)
  certificates = createCertificates({ files: [files], clientCaFile: join(folder, 'ca.crt'), log: silentLog })
  store = createMemoryStore()
  const box = createSecretBox(Buffer.alloc(32, 7))
  const options = { cost, scramIterations: 4096, box, owner: 'carol' }
  await store.addAccount({ name: 'carol', ...(await storePassword(Buffer.from(password), options)) })
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
    // What is tried here in vain shall not slow down what comes after.
    throttle: { maxDelayMs: 0 },
  })
  office = await openOffice({
    store,
    tls: certificates,
    authenticator: () => authenticator,
    limits: { loginFailures: 1000, badCommandsBeforeLogin: 1000 },
  })
  // She has no SCRAM keys, so that SCRAM would not be offered.
  await store.removeAccount('alice')
})

afterAll(async () => {
  await office.stop()
  await authenticator.close()
  certificates.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A peer whose greeting was read, in clear or behind STLS. */
interface Channel {
  readonly name: string
  readonly version: ConnectionOptions['minVersion'] | undefined
  readonly hasCertificate?: boolean
}

const channels: readonly Channel[] = [
  { name: 'in clear', version: undefined },
  { name: 'TLS 1.2', version: 'TLSv1.2' },
  { name: 'TLS 1.3', version: 'TLSv1.3' },
  { name: 'TLS 1.3 with a client certificate', version: 'TLSv1.3', hasCertificate: true },
]

interface Opened {
  readonly peer: Peer
  readonly tls: TLSSocket | undefined
  readonly timestamp: string
}

async function open({ version, hasCertificate = false }: Channel): Promise<Opened> {
  const peer = await office.connect()
  const timestamp = /<.*>/.exec(await peer.line())?.[0] ?? ''
  if (version === undefined) return { peer, tls: undefined, timestamp }
  expect(await peer.ask('STLS')).toMatch(/^\+OK/)
  peer.socket.removeAllListeners('data')
  const tls = connectTls({
    socket: peer.socket,
    servername: 'localhost',
    ca: authority.cert,
    minVersion: version,
    maxVersion: version,
    ...(hasCertificate && { cert: clientPair.cert, key: clientPair.key }),
  })
  await once(tls, 'secureConnect')
  return { peer: Peer.over(tls), tls, timestamp }
}

interface Credentials {
  readonly name: string
  readonly password: string
  readonly token: string
}

const right: Credentials = { name: 'carol', password, token: goodToken }

function clientFor(mechanism: string, tls: TLSSocket | undefined, given: Credentials): SaslClient {
  const scram = /^SCRAM-(SHA-1|SHA-256)(-PLUS)?$/.exec(mechanism)
  if (scram) {
    const hash = scram[1] === 'SHA-1' ? 'SHA-1' : 'SHA-256'
    return scramClient(given, { hash, ...(scram[2] && tls && { binding: bindingOf(tls) }) })
  }
  const clients: Record<string, () => SaslClient> = {
    PLAIN: () => plainClient(given),
    LOGIN: () => loginClient(given),
    'CRAM-MD5': () => cramMd5Client(given),
    EXTERNAL: () => externalClient(),
    OAUTHBEARER: () => oauthbearerClient({ ...given, host: 'localhost', port: 110 }),
    XOAUTH2: () => xoauth2Client(given),
  }
  const create = clients[mechanism]
  if (!create) throw new Error(`no client for ${mechanism}`)
  return create()
}

function bindingOf(tls: TLSSocket) {
  if (tls.getProtocol() === 'TLSv1.3') {
    const octets = tls.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
    return { type: 'tls-exporter', octets } as const
  }
  const octets = createHash('sha256').update(tls.getPeerCertificate(true).raw).digest()
  return { type: 'tls-server-end-point', octets } as const
}

/** Speaks AUTH to its end; the last line of the server. */
async function authenticate(peer: Peer, client: SaslClient, withInitial: boolean): Promise<string> {
  const initial = withInitial ? await client.next(undefined) : undefined
  const encoded = initial && (Buffer.from(initial).toString('base64') || '=')
  let line = await peer.ask(`AUTH ${client.name}${encoded === undefined ? '' : ` ${encoded}`}`)
  while (line.startsWith('+ ')) {
    const response = await client.next(Buffer.from(line.slice(2), 'base64'))
    line = await peer.ask(Buffer.from(response ?? '').toString('base64'))
  }
  return line
}

async function announced(peer: Peer): Promise<string[]> {
  const line = (await peer.askLong('CAPA')).find(each => each.startsWith('SASL '))
  return line?.split(' ').slice(1) ?? []
}

const always = ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'OAUTHBEARER', 'XOAUTH2', 'CRAM-MD5', 'PLAIN', 'LOGIN']
const bound = ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-1-PLUS']

describe.each(channels)('$name', channel => {
  const expected = [
    ...(channel.version ? bound : []),
    ...always.slice(0, 2),
    ...(channel.hasCertificate ? ['EXTERNAL'] : []),
    ...always.slice(2),
  ]

  it('announces what works there', async () => {
    const { peer } = await open(channel)
    expect(await announced(peer)).toEqual(expected)
    expect((await peer.askLong('AUTH')).slice(1)).toEqual(expected)
    peer.socket.destroy()
  })

  it.each(expected)('lets in by %s, with and without an initial response', async mechanism => {
    for (const withInitial of [true, false]) {
      const { peer, tls } = await open(channel)
      const client = clientFor(mechanism, tls, right)
      expect(await authenticate(peer, client, withInitial)).toBe('+OK 0 messages (0 octets)')
      expect(client.isComplete).toBe(true)
      // What was announced before login still is, RFC 2449 section 5.
      expect(await announced(peer)).toEqual(expected)
      await peer.ask('QUIT')
    }
  })

  it('lets in by APOP', async () => {
    const { peer, timestamp } = await open(channel)
    const digest = createHash('md5').update(timestamp).update(password).digest('hex')
    expect(await peer.ask(`APOP carol ${digest}`)).toBe('+OK 0 messages (0 octets)')
    await peer.ask('QUIT')
  })

  it.each(expected.filter(mechanism => mechanism !== 'EXTERNAL'))('refuses alike by %s', async mechanism => {
    const { peer, tls } = await open(channel)
    for (const wrong of [
      { ...right, name: 'nobody' },
      { ...right, name: 'nobody', password: 'x', token: 'bad.token' },
      { ...right, password: 'wrong', token: 'bad.token' },
    ]) {
      expect(await authenticate(peer, clientFor(mechanism, tls, wrong), false)).toBe(failed)
    }
    peer.socket.destroy()
  })

  it.each(
    [...bound, ...always, 'EXTERNAL', 'GSSAPI', 'ANONYMOUS'].filter(name => !expected.includes(name)),
  )('knows no %s', async mechanism => {
    const { peer } = await open(channel)
    expect(await peer.ask(`AUTH ${mechanism}`)).toBe('-ERR no such mechanism')
    peer.socket.destroy()
  })
})

describe('a login bound to a channel', () => {
  it('opens nothing on another one', async () => {
    const [one, other] = [
      await open({ name: '', version: 'TLSv1.3' }),
      await open({ name: '', version: 'TLSv1.3' }),
    ]
    if (!one.tls) throw new Error('no TLS')
    const client = scramClient(right, { hash: 'SHA-256', binding: bindingOf(one.tls) })
    expect(await authenticate(other.peer, client, true)).toBe(failed)
    one.peer.socket.destroy()
    other.peer.socket.destroy()
  })

  it('tells when somebody has hidden that it was offered', async () => {
    const { peer } = await open({ name: '', version: 'TLSv1.3' })
    expect(
      await authenticate(peer, scramClient(right, { hash: 'SHA-256', isBindingMissed: true }), true),
    ).toBe(failed)
    peer.socket.destroy()
  })
})

describe('an account that is disabled', () => {
  it('is let in by nothing, and told nothing else', async () => {
    await store.setDisabled('carol', true)
    try {
      const { peer, tls, timestamp } = await open({ name: '', version: 'TLSv1.3', hasCertificate: true })
      for (const mechanism of [...bound, ...always, 'EXTERNAL'])
        expect(await authenticate(peer, clientFor(mechanism, tls, right), false), mechanism).toBe(failed)
      const digest = createHash('md5').update(timestamp).update(password).digest('hex')
      expect(await peer.ask(`APOP carol ${digest}`)).toBe(failed)
      await peer.ask('USER carol')
      expect(await peer.ask(`PASS ${password}`)).toBe(failed)
      peer.socket.destroy()
    } finally {
      await store.setDisabled('carol', false)
    }
  })
})
