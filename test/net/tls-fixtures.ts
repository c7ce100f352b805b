// Authorities and certificates for tests, of any names, dates and algorithms, made on the spot.
import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'

type Keys = Awaited<ReturnType<typeof generate>>

export interface Authority {
  /** PEM. */
  readonly cert: string
  readonly subject: string
  readonly keys: Keys
}

export interface Pair {
  /** PEM, the authority's not included. */
  readonly cert: string
  /** PEM, PKCS #8. */
  readonly key: string
}

/** Names of algorithms, with the hash of the signature. */
const algorithms = {
  'ecdsa-sha256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'ecdsa-sha384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  'ecdsa-sha512': { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
  'rsa-sha1': rsa('RSASSA-PKCS1-v1_5', 'SHA-1'),
  'rsa-sha256': rsa('RSASSA-PKCS1-v1_5', 'SHA-256'),
  'rsa-sha384': rsa('RSASSA-PKCS1-v1_5', 'SHA-384'),
  'rsa-sha512': rsa('RSASSA-PKCS1-v1_5', 'SHA-512'),
  'rsa-pss-sha256': rsa('RSA-PSS', 'SHA-256'),
  'rsa-pss-sha384': rsa('RSA-PSS', 'SHA-384'),
  ed25519: { name: 'Ed25519' },
} as const

export interface CertificateOptions {
  /** DNS names of the alternative names. */
  readonly names?: readonly string[]
  /** Mail addresses of the alternative names. */
  readonly mails?: readonly string[]
  /** As a string (RFC 4514) or as a list of attributes. Default: no attribute but a CN `test`. */
  readonly subject?: string | x509.JsonName
  /** Default: signs itself. */
  readonly authority?: Authority
  readonly notBefore?: Date
  readonly notAfter?: Date
  readonly algorithm?: keyof typeof algorithms
  /** For whom: `1.3.6.1.5.5.7.3.1` servers, `1.3.6.1.5.5.7.3.2` clients. Default: both. */
  readonly usages?: readonly string[]
}

const hourMs = 3_600_000

/** A root that signs with ECDSA P-256. */
export async function makeAuthority(name = 'Test Authority'): Promise<Authority> {
  const algorithm = algorithms['ecdsa-sha256']
  const keys = await generate(algorithm)
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: [{ CN: [name] }],
    ...validity({}),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  })
  return { cert: `${certificate.toString('pem')}\n`, subject: certificate.subject, keys }
}

export async function makeCertificate(options: CertificateOptions = {}): Promise<Pair> {
  const { authority, subject = [{ CN: ['test'] }], algorithm = 'ecdsa-sha256' } = options
  const ownAlgorithm = algorithms[algorithm]
  const keys = await generate(ownAlgorithm)
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject,
    issuer: authority?.subject ?? subject,
    ...validity(options),
    publicKey: keys.publicKey,
    signingKey: authority?.keys.privateKey ?? keys.privateKey,
    signingAlgorithm: authority ? algorithms['ecdsa-sha256'] : ownAlgorithm,
    extensions: extensionsOf(options),
  })
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  return {
    cert: `${certificate.toString('pem')}\n`,
    key: createPrivateKey({ key, format: 'der', type: 'pkcs8' })
      .export({ format: 'pem', type: 'pkcs8' })
      .toString(),
  }
}

/** Writes `name.crt` and `name.key`. */
export function writePair(
  folder: string,
  name: string,
  { cert, key }: Pair,
): { certFile: string; keyFile: string } {
  const files = { certFile: join(folder, `${name}.crt`), keyFile: join(folder, `${name}.key`) }
  writeFileSync(files.certFile, cert)
  writeFileSync(files.keyFile, key, { mode: 0o600 })
  return files
}

function extensionsOf({ names = [], mails = [], usages }: CertificateOptions): x509.Extension[] {
  const general = [
    ...names.map(value => ({ type: 'dns' as const, value })),
    ...mails.map(value => ({ type: 'email' as const, value })),
  ]
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.ExtendedKeyUsageExtension([...(usages ?? ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])]),
    ...(general.length > 0 ? [new x509.SubjectAlternativeNameExtension(general)] : []),
  ]
}

function validity({ notBefore, notAfter }: CertificateOptions) {
  return {
    notBefore: notBefore ?? new Date(Date.now() - hourMs),
    notAfter: notAfter ?? new Date(Date.now() + 30 * 24 * hourMs),
  }
}

function generate(algorithm: (typeof algorithms)[keyof typeof algorithms]) {
  return webcrypto.subtle.generateKey(algorithm as webcrypto.EcKeyGenParams, true, ['sign', 'verify'])
}

function rsa<const N extends string, const H extends string>(name: N, hash: H) {
  return {
    name,
    hash,
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
    saltLength: 32,
  }
}

function serial(): string {
  return `01${randomBytes(15).toString('hex')}`
}
