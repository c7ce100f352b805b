// Sources as they are configured: quirks that are named, and certificates that the client shows, to servers that ask for them.
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createAuthenticator } from '../../../../src/auth/authenticator.ts'
import { quirkNames, quirksNamed } from '../../../../src/mail/server-quirks.ts'
import { createCertificates } from '../../../../src/net/certificates.ts'
import { silentLog } from '../../../../src/net/log.ts'
import { createSource, type SourceOptions } from '../../../../src/pop3/collector/sources/create-source.ts'
import { makeAuthority, makeCertificate, writePair } from '../../../net/tls-fixtures.ts'
import { serve } from '../../client/scripted-session.ts'
import { type Office, openOffice } from '../../office.ts'
import { type Dovecot, startDovecot } from './dovecot.ts'

const never = new AbortController().signal
const parts = { environment: { SECRET: 'ann-secret' } }
const cost = { memoryKiB: 8192, passes: 1, lanes: 1 }

let folder = ''
let caFile = ''
let clientCaFile = ''
let annFiles = { certFile: '', keyFile: '' }
let strangerFiles = { certFile: '', keyFile: '' }
let clientAuthority = ''

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'collector-certificates-'))
  const [authority, stranger] = [await makeAuthority('Clients'), await makeAuthority('Strangers')]
  const subject = [{ CN: ['alice'] }]
  const mails = ['alice@pop.example']
  annFiles = writePair(folder, 'ann', await makeCertificate({ authority, subject, mails }))
  strangerFiles = writePair(folder, 'other', await makeCertificate({ authority: stranger, subject, mails }))
  const server = writePair(folder, 'server', await makeCertificate({ authority, names: ['localhost'] }))
  clientAuthority = authority.cert
  clientCaFile = join(folder, 'clients.crt')
  writeFileSync(clientCaFile, authority.cert)
  caFile = clientCaFile
  certificates = createCertificates({ files: [server], clientCaFile, log: silentLog })
})
let certificates: ReturnType<typeof createCertificates>

afterAll(() => {
  certificates.close()
  rmSync(folder, { recursive: true, force: true })
})

function optionsFor(port: number, changes: Partial<SourceOptions> = {}): SourceOptions {
  return {
    name: 'work',
    protocol: 'pop3',
    host: 'localhost',
    port,
    user: 'alice',
    tls: 'stls',
    allowCleartext: false,
    pins: [],
    caFile,
    identity: undefined,
    proxy: undefined,
    folders: ['INBOX'],
    mechanisms: undefined,
    quirks: [],
    secret: { kind: 'environment', variable: 'SECRET' },
    ...changes,
  }
}

async function openSource(options: SourceOptions) {
  const session = await createSource(options, parts).open(never)
  onTestFinished(async () => session[Symbol.asyncDispose]())
  return session
}

describe('quirks', () => {
  it('that are named hold for the session', async () => {
    const server = await serve([])
    const plain = { tls: 'none', allowCleartext: true, caFile: undefined } as const
    const session = await openSource(
      optionsFor(server.port, { ...plain, host: '127.0.0.1', quirks: ['Gmail', 'no-capa'] }),
    )
    expect(session.habits).toMatchObject({
      listsPart: true,
      takesWhatWasRetrieved: true,
      loginDelayMs: 300_000,
    })
    expect(server.lines).not.toContain('CAPA')
  })

  it('have each a name that stands for something', () => {
    expect(new Set(quirkNames).size).toBe(quirkNames.length)
    for (const name of quirkNames) expect(Object.keys(quirksNamed([name])), name).not.toEqual([])
    expect(quirksNamed(['WildDuck', 'keep-alive', 'no-uidl'])).toEqual({
      window: 1,
      keepAliveMs: 30_000,
      uidl: false,
    })
  })
})

describe('EXTERNAL', () => {
  async function open(isImplicit = false): Promise<Office> {
    const office = await openOffice({
      tls: certificates,
      implicitTls: isImplicit,
      messages: ['Subject: a\n\nb\n'],
      authenticator: store =>
        createAuthenticator(store, { localDomains: ['pop.example'], cost, registry: store }),
    })
    onTestFinished(() => office.stop())
    return office
  }

  it.each(['stls', 'implicit'] as const)('lets in by the certificate alone (%s)', async tls => {
    const { port } = await open(tls === 'implicit')
    const session = await openSource(
      optionsFor(port, { tls, identity: annFiles, mechanisms: ['EXTERNAL'], secret: { kind: 'prompt' } }),
    )
    expect((await session.listing(never)).messages).toHaveLength(1)
    await session[Symbol.asyncDispose]()
  })

  it.each([
    ['without a certificate', undefined, 'configuration', /no way to log in/],
    ['with one of another authority', () => strangerFiles, 'configuration', /no way to log in/],
    ['as somebody else', () => annFiles, 'credentials', /the login was refused/],
  ] as const)('does not %s', async (_why, files, fault, message) => {
    const office = await open()
    const user = fault === 'credentials' ? 'bob' : 'alice'
    const options = optionsFor(office.port, { user, identity: files?.(), mechanisms: ['EXTERNAL'] })
    await expect(openSource(options)).rejects.toMatchObject({ name: 'SourceError', fault, message })
  })
})

describe('the files of a certificate', () => {
  const secretKey = 'MC4CAQAwBQYDK2VwBCIEIJ'
  it.each([
    [
      'that are not there',
      (name: string) => ({ certFile: name, keyFile: name }),
      /cannot be read \(ENOENT\)/,
    ],
    [
      'that hold none',
      (name: string) => {
        writeFileSync(name, 'nothing')
        return { certFile: name, keyFile: annFiles.keyFile }
      },
      /holds no certificate in PEM/,
    ],
    [
      'of two pairs',
      () => ({ certFile: annFiles.certFile, keyFile: strangerFiles.keyFile }),
      /the key in .*other\.key is not that of the certificate in .*ann\.crt/,
    ],
    [
      'with a key that is none',
      (name: string) => {
        writeFileSync(name, `-----BEGIN PRIVATE KEY-----\n${secretKey}\n`, { mode: 0o600 })
        return { certFile: annFiles.certFile, keyFile: name }
      },
      /holds no key in PEM that is not encrypted$/,
    ],
    [
      'with a key that everybody may read',
      (name: string) => {
        writeFileSync(name, 'x')
        chmodSync(name, 0o644)
        return { certFile: annFiles.certFile, keyFile: name }
      },
      /no key can be had from .*everybody may read it/,
    ],
  ])('are refused before anything is sent: %s', async (_what, files, message) => {
    const server = await serve([])
    const identity = files(join(folder, 'made'))
    const error: unknown = await openSource(optionsFor(server.port, { identity })).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ name: 'SourceError', fault: 'configuration', message })
    expect(String((error as Error).stack)).not.toContain(secretKey)
    expect(server.lines).toEqual([])
  })
})

const hasImap = existsSync('/usr/lib/dovecot/imap')
if (!hasImap && process.env['CI'] === 'true') throw new Error('dovecot-imapd is not installed')

describe.skipIf(!hasImap)('Dovecot that wants certificates of clients', () => {
  let dovecot: Dovecot
  beforeAll(async () => {
    dovecot = await startDovecot({ clientAuthority })
    caFile = join(folder, 'dovecot.crt')
    writeFileSync(caFile, dovecot.certificate)
    dovecot.put('ann', Buffer.from('Subject: a\r\n\r\nb\r\n'))
  })
  afterAll(() => dovecot.close())

  it.each(['pop3', 'imap'] as const)('is collected from by %s with one, and not without', async protocol => {
    const reach = { protocol, user: 'ann' }
    const port = dovecot.ports[protocol]
    const session = await openSource(optionsFor(port, { ...reach, identity: annFiles }))
    expect((await session.listing(never)).messages).toHaveLength(1)
    for (const identity of [undefined, strangerFiles])
      await expect(openSource(optionsFor(port, { ...reach, identity }))).rejects.toMatchObject({
        name: 'SourceError',
      })
  })
})
