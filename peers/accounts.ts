// The one account of a peer, as an account of the system in its layer, and a certificate for the peers that have TLS.
import type { Layer } from './layer.ts'
import { credentials, mailDomain } from './peer.ts'

/** Makes the account, and has PAM say no without a pause: the suite asks with wrong passwords often. */
export async function addSystemAccount(layer: Layer): Promise<void> {
  const { user, password } = credentials
  await layer.runOrFail(['useradd', '--create-home', '--shell', '/bin/sh', user])
  await layer.runOrFail(['chpasswd'], `${user}:${password}\n`)
  const file = '/etc/pam.d/common-auth'
  layer.write(file, layer.read(file).replace(/(pam_unix\.so)/, '$1 nodelay'))
}

export interface Certificate {
  readonly certFile: string
  readonly keyFile: string
  /** Both, the key first. */
  readonly bothFile: string
}

/** Self-signed, readable for every account of the layer. */
export async function addCertificate(layer: Layer): Promise<Certificate> {
  const [certFile, keyFile, bothFile] = ['/etc/peer/cert.pem', '/etc/peer/key.pem', '/etc/peer/both.pem']
  await layer.runOrFail(['mkdir', '-p', '/etc/peer'])
  const kind = ['-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${mailDomain}`]
  await layer.runOrFail(['openssl', 'req', '-x509', ...kind, '-keyout', keyFile, '-out', certFile])
  layer.write(bothFile, layer.read(keyFile) + layer.read(certFile))
  await layer.runOrFail(['chmod', '644', keyFile])
  return { certFile, keyFile, bothFile }
}
