import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type CertificateFiles,
  type Certificates,
  type CertificatesOptions,
  createCertificates,
} from '../../src/net/certificates.ts'
import type { Log } from '../../src/net/log.ts'
import { until } from '../pop3/office.ts'
import { type CertificateOptions, makeAuthority, makeCertificate, writePair } from './tls-fixtures.ts'
import { connectTls, openTlsOffice, readSome, type TlsOffice } from './tls-peers.ts'

let folder: string
let lines: string[]
let certificates: Certificates | undefined
let office: TlsOffice | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-certificates-'))
  lines = []
})
afterEach(() => {
  office?.close()
  office = undefined
  certificates?.close()
  rmSync(folder, { recursive: true })
})

const keep = (level: string) => (fields: object, text: string) => {
  lines.push(`${level} ${text} ${JSON.stringify(fields)}`)
}
const log: Log = { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') }

function create(
  files: readonly CertificateFiles[],
  options: Partial<CertificatesOptions> = {},
): Certificates {
  certificates = createCertificates({ files, log, checkEveryMs: 10, ...options })
  return certificates
}

async function pair(
  name: string,
  options: CertificateOptions = { names: [name] },
): Promise<CertificateFiles> {
  return writePair(folder, name, await makeCertificate(options))
}

async function open(): Promise<number> {
  if (!certificates) throw new Error('no certificates')
  office = await openTlsOffice({ contexts: certificates })
  return office.port
}

/** The names of the certificate a client gets who asks for that name. */
async function servedTo(port: number, servername?: string): Promise<string | undefined> {
  const socket = await connectTls(port, servername === undefined ? {} : { servername })
  const { subjectaltname, subject } = socket.getPeerCertificate()
  socket.destroy()
  return subjectaltname ?? `CN ${String(subject.CN)}`
}

const errors = () => lines.filter(line => line.startsWith('error'))

describe('the choice by name', () => {
  it.each<[string | undefined, string, string]>([
    [undefined, 'DNS:first.example', 'no name'],
    ['first.example', 'DNS:first.example', 'the first'],
    ['second.example', 'DNS:second.example, DNS:*.wild.example', 'another'],
    ['SECOND.Example', 'DNS:second.example, DNS:*.wild.example', 'in any case'],
    ['a.wild.example', 'DNS:second.example, DNS:*.wild.example', 'a wildcard'],
    ['a.b.wild.example', 'DNS:first.example', 'a wildcard is one label'],
    ['wild.example', 'DNS:first.example', 'a wildcard is not none'],
    ['x.wild.example', 'DNS:x.wild.example', 'the name itself before a wildcard'],
    ['common.example', 'CN common.example', 'a common name where there is nothing better'],
    ['ignored.example', 'DNS:first.example', 'a common name beside alternative names is none'],
    ['third.example', 'DNS:first.example', 'unknown'],
    ['second', 'DNS:first.example', 'one label'],
  ])('%s: %s, %s', async (name, served) => {
    create([
      await pair('first.example'),
      await pair('second', { names: ['second.example', '*.wild.example'], subject: 'CN=ignored.example' }),
      await pair('third', { names: ['x.wild.example'] }),
      await pair('fourth', { subject: 'CN=common.example' }),
    ])
    expect(await servedTo(await open(), name)).toBe(served)
  })

  it('sends the chain', async () => {
    const authority = await makeAuthority()
    const own = await makeCertificate({ names: ['pop.example'], authority })
    create([writePair(folder, 'chain', { ...own, cert: own.cert + authority.cert })])
    const socket = await connectTls(await open())
    expect(socket.getPeerCertificate(true).issuerCertificate.subject.CN).toBe('Test Authority')
    socket.destroy()
  })

  it('sums up what there is', async () => {
    const notAfter = new Date(Math.ceil(Date.now() / 1000) * 1000 + 1e9)
    const files = await pair('a', { names: ['a.example', '*.A.example'], notAfter })
    expect(create([files]).summaries).toEqual([
      { file: files.certFile, names: ['a.example', '*.a.example'], notAfter },
    ])
  })
})

describe('what cannot be used', () => {
  it.each<[string, (files: CertificateFiles) => void, RegExp]>([
    ['no certificate', ({ certFile }) => rmSync(certFile), /a\.crt: there is no such file$/],
    ['no key', ({ keyFile }) => rmSync(keyFile), /a\.key: there is no such file$/],
    ['a folder', ({ certFile }) => (rmSync(certFile), mkdirSync(certFile)), /a\.crt: this is a folder$/],
    ['an empty file', ({ certFile }) => writeFileSync(certFile, ''), /a\.crt: no certificate in PEM form$/],
    [
      'half a file',
      ({ certFile }) => writeFileSync(certFile, '-----BEGIN CERTIFICATE-----\nMIIB'),
      /a\.crt: no certificate/,
    ],
    [
      'no key in it',
      ({ keyFile }) => writeFileSync(keyFile, 'secret'),
      /a\.key: no private key in PEM form$/,
    ],
    [
      'another key',
      ({ keyFile }) => renameSync(join(folder, 'b.key'), keyFile),
      /a\.key: this key does not belong to the certificate in .*a\.crt$/,
    ],
    [
      'an encrypted key',
      ({ keyFile }) => {
        const args = ['pkcs8', '-topk8', '-in', keyFile, '-out', `${keyFile}.new`, '-passout', 'pass:sesame']
        execFileSync('openssl', args)
        renameSync(`${keyFile}.new`, keyFile)
      },
      /a\.key: the key is encrypted; store it without a passphrase$/,
    ],
  ])('%s: says which file and why, at start, in use() and once when it is read again', async (_what, damage, expected) => {
    const good = await pair('good.example')
    const watched = await pair('a', { names: ['a.example'] })
    await pair('b')
    create([watched])
    damage(watched)
    expect(() => createCertificates({ files: [watched], log })).toThrow(expected)
    expect(() => certificates?.use([good, watched])).toThrow(expected)
    await until(() => errors().length > 0)
    // Many looks later it is still said once, and the old certificate is still there.
    const port = await open()
    for (let look = 0; look < 5; look++) expect(await servedTo(port)).toBe('DNS:a.example')
    expect(errors()).toHaveLength(1)
    expect((JSON.parse(errors()[0]?.split('stays ')[1] ?? '') as { reason: string }).reason).toMatch(expected)
    expect(errors()[0]).not.toContain('PRIVATE')
    const repaired = await makeCertificate({ names: ['repaired.example'] })
    rmSync(watched.certFile, { recursive: true, force: true })
    writePair(folder, 'a', repaired)
    await until(() => certificates?.summaries[0]?.names[0] === 'repaired.example')
    expect(errors()).toHaveLength(1)
  })

  it('is an empty list', () => {
    expect(() => create([])).toThrow('there is no certificate')
  })

  it('is not a certificate that has expired, but it is warned of', async () => {
    const notBefore = new Date(Date.now() - 9e8)
    create([
      await pair('old.example', { names: ['old.example'], notBefore, notAfter: new Date(Date.now() - 1e8) }),
    ])
    certificates?.close()
    create([await pair('new.example', { names: ['new.example'], notBefore: new Date(Date.now() + 1e8) })])
    expect(lines.map(line => line.replace(/ \{.*/, ''))).toEqual([
      'warn certificate has expired: clients will refuse it',
      'warn certificate is not valid yet: clients will refuse it',
    ])
  })
})

describe('reading again', () => {
  it.each<[string, (files: CertificateFiles, next: { cert: string; key: string }) => void]>([
    ['written over', (_files, next) => writePair(folder, 'a', next)],
    [
      'renamed into place',
      ({ certFile, keyFile }, { cert, key }) => {
        writeFileSync(`${keyFile}.new`, key)
        writeFileSync(`${certFile}.new`, cert)
        renameSync(`${keyFile}.new`, keyFile)
        renameSync(`${certFile}.new`, certFile)
      },
    ],
    [
      'of the same size and age',
      ({ certFile, keyFile }, { cert, key }) => {
        for (const [file, text] of [
          [keyFile, key],
          [certFile, cert],
        ] as const) {
          writeFileSync(file, text)
          utimesSync(file, 1, 1)
        }
      },
    ],
  ])('%s', async (_how, change) => {
    const files = await pair('a', { names: ['a.example'] })
    create([files])
    const port = await open()
    const session = await connectTls(port)
    await readSome(session)
    const renewed = await makeCertificate({ names: ['b.example'] })
    change(files, renewed)
    await until(() => certificates?.summaries[0]?.names[0] === 'b.example')
    expect(await servedTo(port)).toBe('DNS:b.example')
    // Who was there before did not notice.
    const { connection } = office?.kept[0] ?? {}
    connection?.sendText('still here')
    connection?.flush()
    expect(await readSome(session)).toBe('still here')
    session.destroy()
    expect(errors()).toEqual([])
  })

  it('follows symbolic links that are turned, as certbot does', async () => {
    for (const version of ['1', '2']) {
      mkdirSync(join(folder, version))
      writePair(join(folder, version), 'live', await makeCertificate({ names: [`v${version}.example`] }))
    }
    const files = { certFile: join(folder, 'live.crt'), keyFile: join(folder, 'live.key') }
    const turn = (version: string) => {
      for (const name of ['live.crt', 'live.key']) {
        symlinkSync(join(version, name), join(folder, 'turning'))
        renameSync(join(folder, 'turning'), join(folder, name))
      }
    }
    turn('1')
    create([files])
    turn('2')
    await until(() => certificates?.summaries[0]?.names[0] === 'v2.example')
    unlinkSync(files.certFile)
    await until(() => errors().length === 1)
  })

  it('keeps what is good when another is not', async () => {
    const a = await pair('a', { names: ['a.example'] })
    const b = await pair('b', { names: ['b.example'] })
    create([a, b])
    writeFileSync(a.certFile, 'damaged')
    writePair(folder, 'b', await makeCertificate({ names: ['b2.example'] }))
    await until(() => errors().length === 1 && certificates?.summaries[1]?.names[0] === 'b2.example')
    expect(certificates?.summaries[0]?.names).toEqual(['a.example'])
  })

  it('exchanges the list on demand, and serves listeners made before', async () => {
    create([await pair('a')])
    const port = await open()
    const b = await pair('b')
    certificates?.use([b])
    expect(await servedTo(port, 'a')).toBe('DNS:b')
    writePair(folder, 'b', await makeCertificate({ names: ['c'] }))
    await until(() => certificates?.summaries[0]?.names[0] === 'c')
    expect(await servedTo(port)).toBe('DNS:c')
  })

  it('looks no more when it is closed', async () => {
    const a = await pair('a')
    create([a], { checkEveryMs: 1 })
    const other = createCertificates({ files: [a], log, checkEveryMs: 5 })
    certificates?.close()
    writePair(folder, 'a', await makeCertificate({ names: ['b'] }))
    await until(() => other.summaries[0]?.names[0] === 'b')
    other.close()
    expect(certificates?.summaries[0]?.names).toEqual(['a'])
  })
})

describe('tickets', () => {
  it.each([
    'TLSv1.3',
    'TLSv1.2',
  ] as const)('of %s survive a change of certificates, and bind to none then', async version => {
    const first = await pair('a')
    create([first, await pair('b')])
    const port = await open()
    const limits = { minVersion: version, maxVersion: version, servername: 'b' }
    const one = await connectTls(port, limits)
    await readSome(one)
    const session = one.getSession()
    const { raw } = one.getPeerCertificate()
    const two = await connectTls(port, { ...limits, ...(session && { session }) })
    await readSome(two)
    expect(two.isSessionReused()).toBe(true)
    expect(certificates?.resumableCertificate?.('b')).toEqual(raw)
    const bound = office?.last.connection.channel?.binding('tls-server-end-point')
    expect(bound).toBeDefined()
    certificates?.use([first, await pair('b', { names: ['b', 'b2'] })])
    const three = await connectTls(port, { ...limits, ...(session && { session }) })
    await readSome(three)
    expect(three.isSessionReused()).toBe(true)
    // The client remembers the old certificate, and nobody here knows which.
    expect(office?.last.connection.channel?.binding('tls-server-end-point')).toBeUndefined()
    const four = await connectTls(port, limits)
    await readSome(four)
    expect(office?.last.connection.channel?.binding('tls-server-end-point')).toBeDefined()
    for (const socket of [one, two, three, four]) socket.destroy()
  })

  it('are worth nothing when the authorities of clients have changed', async () => {
    const clientCaFile = writePair(folder, 'ca', {
      cert: (await makeAuthority('Old')).cert,
      key: '',
    }).certFile
    create([await pair('a')], { clientCaFile })
    const port = await open()
    const one = await connectTls(port)
    await readSome(one)
    const session = one.getSession()
    const before = certificates?.contextFor(undefined)
    writeFileSync(clientCaFile, (await makeAuthority('New')).cert)
    await until(() => certificates?.contextFor(undefined) !== before)
    const two = await connectTls(port, session ? { session } : {})
    await readSome(two)
    expect(two.isSessionReused()).toBe(false)
    one.destroy()
    two.destroy()
  })
})

describe('for old devices', () => {
  it.each([
    'TLSv1',
    'TLSv1.1',
    'TLSv1.2',
    'TLSv1.3',
  ] as const)('%s is spoken, by both kinds of keys', async version => {
    for (const algorithm of ['rsa-sha256', 'ecdsa-sha256'] as const) {
      create([await pair(algorithm, { names: ['a'], algorithm })])
      const legacy = certificates?.legacy
      if (!legacy) throw new Error('no certificates')
      office = await openTlsOffice({ contexts: legacy })
      const ciphers = 'DEFAULT:@SECLEVEL=0'
      const socket = await connectTls(office.port, { minVersion: version, maxVersion: version, ciphers })
      expect(await readSome(socket)).toBe('+OK ready\r\n')
      expect(office.last.connection.channel?.version).toBe(version)
      socket.destroy()
      office.close()
      certificates?.close()
    }
  })

  it('old ciphers are spoken, and certificates are the newest', async () => {
    create([await pair('a', { names: ['a'], algorithm: 'rsa-sha256' })])
    const legacy = certificates?.legacy
    if (!legacy) throw new Error('no certificates')
    office = await openTlsOffice({ contexts: legacy })
    certificates?.use([await pair('b', { names: ['b'], algorithm: 'rsa-sha256' })])
    const socket = await connectTls(office.port, {
      maxVersion: 'TLSv1',
      minVersion: 'TLSv1',
      ciphers: 'AES128-SHA:@SECLEVEL=0',
    })
    expect(socket.getPeerCertificate().subjectaltname).toBe('DNS:b')
    expect(socket.getCipher().standardName).toBe('TLS_RSA_WITH_AES_128_CBC_SHA')
    socket.destroy()
  })
})
