// The certificate and its key on disk: read, judged and replaced. The key is moved into place before the certificate, at
// once after another; whoever reads between the two finds a pair that does not match, and waits for the rest.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { subjectNames } from '../tls/certificate-fields.ts'
import type { CertificateFiles } from '../tls/certificate-pair.ts'
import { beside, moveIntoPlace, readIfThere, syncFolderOf, writeBeside } from './secret-file.ts'

/** A private key and the chain of certificates that goes with it, as PEM. */
export interface KeyAndChain {
  readonly key: string
  readonly chain: string
}

/** What has to be known of a certificate to renew it in time; times in milliseconds since 1970. */
export interface CertificateFacts {
  readonly names: readonly string[]
  readonly notBefore: number
  readonly notAfter: number
}

export function certificateFiles(folder: string, firstDomain: string): CertificateFiles {
  return { certFile: join(folder, `${firstDomain}.crt`), keyFile: join(folder, `${firstDomain}.key`) }
}

/** Reads a pair; undefined when it is incomplete, unreadable or does not match. Rejects when the disk does. */
export async function readCertificate({
  certFile,
  keyFile,
}: CertificateFiles): Promise<CertificateFacts | undefined> {
  const key = await readIfThere(keyFile)
  if (key === undefined) return undefined
  const chain = await readIfThere(certFile)
  const facts = chain === undefined ? undefined : factsOf({ key, chain })
  if (facts) return facts
  // The process ended between the two moves: the certificate that belongs to this key still lies beside its place.
  const left = await readIfThere(beside(certFile))
  const factsOfLeft = left === undefined ? undefined : factsOf({ key, chain: left })
  if (factsOfLeft) {
    await moveIntoPlace(certFile)
    await syncFolderOf(certFile)
  }
  return factsOfLeft
}

/** Facts of the first certificate of a chain; undefined when it cannot be read or does not belong to the key. */
export function factsOf({ key, chain }: KeyAndChain): CertificateFacts | undefined {
  try {
    const certificate = new X509Certificate(chain)
    if (!certificate.checkPrivateKey(createPrivateKey(key))) return undefined
    return {
      names: subjectNames(certificate.raw).dns,
      notBefore: Date.parse(certificate.validFrom),
      notAfter: Date.parse(certificate.validTo),
    }
  } catch {
    return undefined
  }
}

/** Replaces the pair. */
export async function writeCertificate(
  { certFile, keyFile }: CertificateFiles,
  { key, chain }: KeyAndChain,
): Promise<void> {
  await writeBeside(keyFile, key)
  await writeBeside(certFile, chain)
  await moveIntoPlace(keyFile)
  await moveIntoPlace(certFile)
  await syncFolderOf(certFile)
}
