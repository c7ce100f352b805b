// Private keys for accounts and certificates: ECDSA on P-256, which every CA and every client of today takes, as PEM.
import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'

/** A fresh private key, PKCS #8 in PEM. */
export async function createKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  return privateKey
}
