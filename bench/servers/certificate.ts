// The one certificate that all servers show, self-signed and made anew by openssl for each run.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mailDomain } from './contender.ts'

export const keyKinds = ['ecdsa', 'rsa'] as const
export type KeyKind = (typeof keyKinds)[number]

const newKey: Record<KeyKind, readonly string[]> = {
  ecdsa: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  rsa: ['-newkey', 'rsa:2048'],
}

export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
  remove(): void
}

export function makeCertificate(kind: KeyKind): CertificateFiles {
  const folder = mkdtempSync(join(tmpdir(), 'bench-certificate-'))
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const subject = ['-subj', `/CN=${mailDomain}`, '-addext', `subjectAltName=DNS:${mailDomain}`]
  const args = ['req', '-x509', '-nodes', '-days', '2', ...newKey[kind], ...subject]
  execFileSync('openssl', [...args, '-keyout', keyFile, '-out', certFile], { stdio: 'pipe' })
  return { certFile, keyFile, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
