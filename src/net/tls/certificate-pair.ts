// A certificate and its key, from two PEM files: read, checked to belong together and to be usable, in words for the one
// who has to repair it. Keys never reach a message.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { subjectNames } from './certificate-fields.ts'

export interface CertificateFiles {
  /** PEM: the certificate first, then the chain up to, but not with, the root. */
  readonly certFile: string
  /** PEM, without a passphrase. */
  readonly keyFile: string
}

export interface CertificatePair extends CertificateFiles {
  /** PEM, the chain included. */
  readonly cert: string
  readonly key: string
  /** The certificate itself, in DER. */
  readonly leaf: Uint8Array
  /** For which SNI it is meant, in lower case; `*.example.org` stands for one label. */
  readonly names: readonly string[]
  /** The IP addresses it is meant for. */
  readonly addresses: readonly string[]
  readonly notBefore: Date
  readonly notAfter: Date
}

/** Throws an Error that names the file and the reason. */
export function readCertificatePair({ certFile, keyFile }: CertificateFiles): CertificatePair {
  const cert = readText(certFile)
  const certificate = about(certFile, 'no certificate in PEM form', () => new X509Certificate(cert))
  const key = readText(keyFile)
  const privateKey = readKey(keyFile, key)
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new Error(`${keyFile}: this key does not belong to the certificate in ${certFile}`)
  }
  // OpenSSL has the last word: keys too short, a chain it can't read.
  about(certFile, undefined, () => createSecureContext({ cert, key }))
  const { raw, validFrom, validTo } = certificate
  const fields = about(certFile, 'the names in the certificate are not readable', () => subjectNames(raw))
  return {
    certFile,
    keyFile,
    cert,
    key,
    leaf: raw,
    names: fields.hasAlternativeNames ? fields.dns : fields.common.map(name => name.toLowerCase()),
    addresses: fields.addresses,
    notBefore: new Date(validFrom),
    notAfter: new Date(validTo),
  }
}

/** The authorities that clients' certificates may be signed by. Throws an Error that names the file and the reason. */
export function readAuthorities(file: string): string {
  const text = readText(file)
  about(file, 'no certificate in PEM form', () => new X509Certificate(text))
  about(file, undefined, () => createSecureContext({ ca: text }))
  return text
}

/** Some hundred certificates; larger files, and others than files, would keep everyone waiting while they are read. */
const maxOctets = 1 << 20

function readText(file: string): string {
  return about(file, undefined, () => {
    const stats = statSync(file)
    if (!stats.isFile() && !stats.isDirectory()) throw new Error('this is no file')
    if (stats.size > maxOctets) throw new Error('larger than 1 MiB')
    return readFileSync(file, 'utf8')
  })
}

function readKey(file: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    // Not OpenSSL's words: what it says of an encrypted key differs from version to version.
    const isEncrypted = /^-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(pem)
    throw new Error(
      `${file}: ${isEncrypted ? 'the key is encrypted; store it without a passphrase' : 'no private key in PEM form'}`,
    )
  }
}

function about<T>(file: string, problem: string | undefined, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    throw new Error(`${file}: ${problem ?? fileProblems[code] ?? message}`, { cause: error })
  }
}

const fileProblems: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'no permission to read it',
  EISDIR: 'this is a folder',
}
