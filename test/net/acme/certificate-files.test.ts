// The pair on disk: judged without trust, replaced without a moment in which it is lost.
import { createPrivateKey } from 'node:crypto'
import { lstatSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { accountKeyFile, openAccountKey } from '../../../src/net/acme/account-key.ts'
import {
  certificateFiles,
  type KeyAndChain,
  readCertificate,
  writeCertificate,
} from '../../../src/net/acme/certificate-files.ts'
import { createKey } from '../../../src/net/acme/key.ts'
import { makeSecretFolder } from '../../../src/net/acme/secret-file.ts'
import type { CertificateFiles } from '../../../src/net/tls/certificate-pair.ts'
import { runOrFail } from '../../e2e/program.ts'
import { endAll, temporaryFolder } from './renewal.ts'

let pairs: readonly [KeyAndChain, KeyAndChain]

beforeAll(async () => {
  pairs = [await makePair('a.example'), await makePair('b.example')]
  await endAll()
})
afterEach(endAll)

async function makePair(name: string): Promise<KeyAndChain> {
  const [keyFile, certFile] = [join(temporaryFolder(), 'key'), join(temporaryFolder(), 'cert')]
  const names = [
    '-subj',
    `/CN=${name}`,
    '-addext',
    `subjectAltName=DNS:${name},DNS:Mail.${name},IP:192.0.2.1`,
  ]
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '9']
  await runOrFail('openssl', ['req', '-x509', ...ec, ...names, '-keyout', keyFile, '-out', certFile])
  return { key: readFileSync(keyFile, 'utf8'), chain: readFileSync(certFile, 'utf8') }
}

async function written(pair: KeyAndChain = pairs[0]): Promise<CertificateFiles> {
  const files = certificateFiles(temporaryFolder(), 'a.example')
  await writeCertificate(files, pair)
  return files
}

describe('a certificate on disk', () => {
  it('is written for the office alone, and read with its names and times', async () => {
    const files = await written()
    for (const file of [files.certFile, files.keyFile]) expect(statSync(file).mode & 0o777).toBe(0o600)
    const facts = await readCertificate(files)
    expect(facts?.names).toEqual(['a.example', 'mail.a.example'])
    expect((facts?.notAfter ?? 0) - (facts?.notBefore ?? 0)).toBe(9 * 86_400_000)
  })

  it.each([
    ['without its key', (files: CertificateFiles) => rmSync(files.keyFile)],
    ['without itself', (files: CertificateFiles) => rmSync(files.certFile)],
    ['with the key of another', (files: CertificateFiles) => writeFileSync(files.keyFile, pairs[1].key)],
    ['with an empty key', (files: CertificateFiles) => writeFileSync(files.keyFile, '')],
    ['cut off', (files: CertificateFiles) => writeFileSync(files.certFile, pairs[0].chain.slice(0, 200))],
    [
      'of octets without sense',
      (files: CertificateFiles) => writeFileSync(files.certFile, Buffer.alloc(99, 255)),
    ],
  ])('%s is none', async (_reason, spoil) => {
    const files = await written()
    spoil(files)
    expect(await readCertificate(files)).toBeUndefined()
  })

  it('is made whole when the process ended between the two moves', async () => {
    const files = await written()
    writeFileSync(files.keyFile, pairs[1].key)
    writeFileSync(`${files.certFile}.new`, pairs[1].chain)
    expect((await readCertificate(files))?.names).toEqual(['b.example', 'mail.b.example'])
    expect(readFileSync(files.certFile, 'utf8')).toBe(pairs[1].chain)
  })

  it('is not replaced by what lies beside it for another key', async () => {
    const files = await written()
    writeFileSync(`${files.certFile}.new`, pairs[1].chain)
    expect((await readCertificate(files))?.names).toEqual(['a.example', 'mail.a.example'])
    expect(readFileSync(files.certFile, 'utf8')).toBe(pairs[0].chain)
  })

  it('is not written through a link that lies where it is prepared', async () => {
    const files = await written()
    const victim = join(temporaryFolder(), 'victim')
    writeFileSync(victim, 'untouched')
    symlinkSync(victim, `${files.keyFile}.new`)
    await writeCertificate(files, pairs[1])
    expect(readFileSync(victim, 'utf8')).toBe('untouched')
    expect(lstatSync(files.keyFile).isFile()).toBe(true)
  })

  it('keeps the old pair when the new one cannot be prepared', async () => {
    const files = await written()
    mkdirSync(`${files.certFile}.new`)
    await expect(writeCertificate(files, pairs[1])).rejects.toThrow(`${files.certFile}.new`)
    expect((await readCertificate(files))?.names).toEqual(['a.example', 'mail.a.example'])
  })
})

describe('the account key', () => {
  const directory = 'https://acme.example/directory'

  it('is made once for each directory, for the office alone', async () => {
    const folder = join(temporaryFolder(), 'acme')
    await makeSecretFolder(folder)
    const key = await openAccountKey(folder, directory)
    expect(createPrivateKey(key).asymmetricKeyDetails?.namedCurve).toBe('prime256v1')
    expect(await openAccountKey(folder, directory)).toBe(key)
    expect(await openAccountKey(folder, 'https://acme.example/other')).not.toBe(key)
    expect(statSync(accountKeyFile(folder, directory)).mode & 0o777).toBe(0o600)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
  })

  it.each([
    ['https://acme.example/directory', 'account_acme.example_directory.key'],
    ['https://localhost:14000/dir', 'account_localhost_14000_dir.key'],
    ['https://acme.example/../../x', 'account_acme.example_x.key'],
    ['https://acme.example/', 'account_acme.example.key'],
    [`https://acme.example/${'a'.repeat(300)}`, `account_acme.example_${'a'.repeat(87)}.key`],
  ])('of %s lies in %s', (url, name) => {
    expect(accountKeyFile('/folder', url)).toBe(join('/folder', name))
  })

  it('is not given up because its file is spoilt', async () => {
    const folder = temporaryFolder()
    const file = accountKeyFile(folder, directory)
    writeFileSync(file, 'no key')
    await expect(openAccountKey(folder, directory)).rejects.toThrow(`${file} holds no private key`)
    expect(readFileSync(file, 'utf8')).toBe('no key')
    expect(await createKey()).toContain('BEGIN PRIVATE KEY')
  })
})
