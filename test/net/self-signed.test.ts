import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ensureSelfSigned, makeSelfSigned } from '../../src/net/self-signed.ts'
import { readCertificatePair } from '../../src/net/tls/certificate-pair.ts'

const dayMs = 86_400_000
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-self-signed-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('a certificate that signed itself', () => {
  it('has the names, says what it is, and is no authority', () => {
    const { cert } = makeSelfSigned({ names: ['mail.example', '127.0.0.1', '::1'], days: 10 })
    const certificate = new X509Certificate(cert)
    expect(certificate.subject).toBe('O=Poplar\nOU=self-signed for demonstration\nCN=mail.example')
    expect(certificate.issuer).toBe(certificate.subject)
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    expect(certificate.ca).toBe(false)
    expect(certificate.checkHost('mail.example')).toBe('mail.example')
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(certificate.checkIP('::1')).toBe('::1')
    const days = (Date.parse(certificate.validTo) - Date.now()) / dayMs
    expect(Math.round(days)).toBe(10)
    expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1')
  })

  it('has addresses in any form, and dates beyond 2049', () => {
    const names = ['localhost', '2001:db8::ffff:1.2.3.4', 'fe80::', '1:2:3:4:5:6:7:8']
    const { cert } = makeSelfSigned({ names, days: 20_000 })
    const certificate = new X509Certificate(cert)
    for (const name of names.slice(1)) expect(certificate.checkIP(name), name).toBe(name)
    expect(new Date(certificate.validTo).getUTCFullYear()).toBeGreaterThan(2080)
    expect(certificate.verify(certificate.publicKey)).toBe(true)
  })

  it('is made once, with a key that only its owner reads', async () => {
    const inside = join(folder, 'new', 'tls')
    const files = await ensureSelfSigned(inside, ['localhost', '::1'])
    expect(files).toEqual({
      certFile: join(inside, 'self-signed.crt'),
      keyFile: join(inside, 'self-signed.key'),
    })
    expect(statSync(files.keyFile).mode & 0o777).toBe(0o600)
    expect(readdirSync(inside).sort()).toEqual(['self-signed.crt', 'self-signed.key'])
    expect(readCertificatePair(files).names).toEqual(['localhost'])
    const before = readFileSync(files.certFile, 'utf8')
    await ensureSelfSigned(inside, ['LOCALHOST'])
    expect(readFileSync(files.certFile, 'utf8')).toBe(before)
  })

  it.each<[string, (files: { certFile: string; keyFile: string }) => void | Promise<void>]>([
    ['has not the names', () => undefined],
    ['is damaged', ({ certFile }) => writeFileSync(certFile, 'nothing')],
    ['has lost its key', ({ keyFile }) => rmSync(keyFile)],
    [
      'ends within a day',
      async ({ certFile, keyFile }) => {
        const { cert, key } = makeSelfSigned({ names: ['b.example'], days: 0.9 })
        writeFileSync(certFile, cert)
        writeFileSync(keyFile, key)
      },
    ],
  ])('is made anew when the one that is there %s', async (_what, damage) => {
    const files = await ensureSelfSigned(folder, ['a.example'])
    await damage(files)
    await ensureSelfSigned(folder, ['b.example'])
    const { names, notAfter } = readCertificatePair(files)
    expect(names).toEqual(['b.example'])
    expect(notAfter.getTime()).toBeGreaterThan(Date.now() + 300 * dayMs)
  })
})
