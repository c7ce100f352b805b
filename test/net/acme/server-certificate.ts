// A certificate for `localhost`, signed by a CA that is made for the occasion, with openssl.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runOrFail } from '../../e2e/program.ts'

/** Writes `ca.pem`, `server.pem` and `server.key` into the folder. */
export async function makeServerCertificate(folder: string): Promise<void> {
  const at = (name: string) => join(folder, name)
  const request = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const ca = ['-x509', '-keyout', at('ca.key'), '-out', at('ca.pem'), '-subj', '/CN=test CA']
  await runOrFail('openssl', [...request, ...ca])
  const server = ['-keyout', at('server.key'), '-out', at('server.csr'), '-subj', '/CN=localhost']
  await runOrFail('openssl', [...request, ...server])
  writeFileSync(at('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
  const sign = ['x509', '-req', '-in', at('server.csr'), '-CA', at('ca.pem'), '-CAkey', at('ca.key')]
  const out = ['-CAcreateserial', '-out', at('server.pem'), '-days', '2', '-extfile', at('names')]
  await runOrFail('openssl', [...sign, ...out])
}
