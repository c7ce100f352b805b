// A certificate that signed itself, for trying things out: TLS works, but no client has a reason to trust it, and its
// subject says so.
import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { type CertificateFiles, type CertificatePair, readCertificatePair } from './tls/certificate-pair.ts'

const dayMs = 86_400_000
const hourMs = 3_600_000
/** Some systems refuse certificates of servers that are valid for longer than 825 days. */
const days = 365
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const serverAuthentication = '1.3.6.1.5.5.7.3.1'

/** PEM texts of a new P-256 certificate, valid from an hour ago on; the first name is its common name too. */
export async function makeSelfSigned(options: {
  /** DNS names and IP addresses. */
  readonly names: readonly string[]
  readonly days: number
}): Promise<{ cert: string; key: string }> {
  // The library takes as long to load as all the rest: only who needs it pays.
  const x509 = await import('@peculiar/x509')
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const nowMs = Date.now()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: `01${randomBytes(15).toString('hex')}`,
    name: [
      { O: ['Poplar'] },
      { OU: ['self-signed for demonstration'] },
      { CN: [(options.names[0] ?? 'localhost').slice(0, 64)] },
    ],
    notBefore: new Date(nowMs - hourMs),
    notAfter: new Date(nowMs + options.days * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([serverAuthentication]),
      new x509.SubjectAlternativeNameExtension(
        options.names.map(value => ({ type: isIP(value) > 0 ? 'ip' : 'dns', value })),
      ),
    ],
  })
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  return {
    cert: `${certificate.toString('pem')}\n`,
    key: createPrivateKey({ key, format: 'der', type: 'pkcs8' })
      .export({ format: 'pem', type: 'pkcs8' })
      .toString(),
  }
}

/**
 * The pair `self-signed.crt` and `self-signed.key` in the folder, made anew unless there is one that has these names and
 * is valid for another day. The folder is made, too.
 */
export async function ensureSelfSigned(folder: string, names: readonly string[]): Promise<CertificateFiles> {
  const files = { certFile: join(folder, 'self-signed.crt'), keyFile: join(folder, 'self-signed.key') }
  if (isGoodEnough(existing(files), names)) return files
  const { cert, key } = await makeSelfSigned({ names, days })
  await mkdir(folder, { recursive: true })
  await replace(files.keyFile, key, 0o600)
  await replace(files.certFile, cert, 0o644)
  return files
}

function existing(files: CertificateFiles): CertificatePair | undefined {
  try {
    return readCertificatePair(files)
  } catch {
    // Absent, damaged or halfway written: a new one is as good.
    return undefined
  }
}

function isGoodEnough(pair: CertificatePair | undefined, names: readonly string[]): boolean {
  if (!pair || pair.notAfter.getTime() < Date.now() + dayMs) return false
  const its = new Set([...pair.names, ...pair.addresses])
  return names.every(name => its.has(name.toLowerCase()))
}

/** Whoever reads the file finds the old text or the new, never a part. */
async function replace(file: string, text: string, mode: number): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}`
  try {
    const handle = await open(temporary, 'wx', mode)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
