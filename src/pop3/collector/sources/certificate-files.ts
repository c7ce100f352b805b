// Certificates that a source is configured with, from their files: whom it trusts, and who it says that it is. They are read anew
// for each connection, so that a new certificate needs no restart.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { readPrivateFile } from '../secrets/private-file.ts'
import { SecretError } from '../secrets/secret-error.ts'

/** PEM; for a server that asks for it, RFC 8446 section 4.3.2. */
export interface ClientIdentity {
  readonly certificate: string
  readonly key: string
}

/** Paths; they may be one file. */
export interface IdentityFiles {
  readonly certFile: string
  readonly keyFile: string
}

const maxFileOctets = 1 << 20

/** PEM. Throws `SecretError`. */
export async function readCertificates(file: string): Promise<string> {
  const text = await readFile(file, 'latin1').catch((cause: unknown) => {
    const { code } = cause as NodeJS.ErrnoException
    throw new SecretError('configuration', `the certificate in ${file} cannot be read (${code})`, { cause })
  })
  if (text.length > maxFileOctets || !text.includes('-----BEGIN CERTIFICATE-----'))
    throw new SecretError('configuration', `${file} holds no certificate in PEM`)
  return text
}

/** Throws `SecretError` also where the two do not belong together. */
export async function readIdentity({ certFile, keyFile }: IdentityFiles): Promise<ClientIdentity> {
  const certificate = await readCertificates(certFile)
  const key = await readPrivateFile(keyFile, 'key')
  if (!parsedCertificate(certificate, certFile).checkPrivateKey(parsedKey(key, keyFile)))
    throw new SecretError(
      'configuration',
      `the key in ${keyFile} is not that of the certificate in ${certFile}, the first there`,
    )
  return { certificate, key }
}

function parsedCertificate(text: string, file: string): X509Certificate {
  try {
    return new X509Certificate(text)
  } catch {
    throw new SecretError('configuration', `the certificate in ${file} cannot be read`)
  }
}

/** Without the cause: nothing of a key is to get into a log. */
function parsedKey(text: string, file: string): KeyObject {
  try {
    return createPrivateKey(text)
  } catch {
    throw new SecretError('configuration', `${file} holds no key in PEM that is not encrypted`)
  }
}
