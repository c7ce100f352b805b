// The arithmetic of SCRAM, RFC 5802 section 3, with SHA-1 or SHA-256 (RFC 7677), and its keys at rest in the form of
// RFC 5803 section 2. Whoever steals stored keys can play the server, not the client; the password is in neither.
import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { ScramHash, ScramKeys } from './sasl.ts'

/** Keys with what they were made by. */
export interface StoredScramKeys extends ScramKeys {
  readonly hash: ScramHash
  readonly salt: Uint8Array
  readonly iterations: number
}

/** As many as we make and RFC 7677 section 4 asks for at least. */
export const defaultScramIterations = 4096
/** More than anybody uses; what stands in a stored string or in a server's challenge must not stop the process. */
export const maxScramIterations = 10_000_000
export const maxScramSaltOctets = 256

const hashes = {
  'SHA-1': { algorithm: 'sha1', octets: 20 },
  'SHA-256': { algorithm: 'sha256', octets: 32 },
} as const satisfies Record<ScramHash, { algorithm: string; octets: number }>

const pbkdf2OnThreadPool = promisify(pbkdf2)

/** How many octets a key or a proof has. */
export function scramKeyOctets(hash: ScramHash): number {
  return hashes[hash].octets
}

/** The dear part, done on the thread pool. The password is prepared already. */
export async function saltPassword(
  password: Uint8Array,
  salt: Uint8Array,
  iterations: number,
  hash: ScramHash,
): Promise<Uint8Array> {
  const { algorithm, octets } = hashes[hash]
  return pbkdf2OnThreadPool(password, salt, iterations, octets, algorithm)
}

/** The keys that a server keeps of a prepared password. */
export async function deriveScramKeys(
  password: Uint8Array,
  salt: Uint8Array,
  iterations: number,
  hash: ScramHash,
): Promise<StoredScramKeys> {
  const salted = await saltPassword(password, salt, iterations, hash)
  return { hash, salt, iterations, ...keysOf(salted, hash) }
}

/** `SCRAM-SHA-256$4096:<salt>$<StoredKey>:<ServerKey>`, the three in base64. */
export function formatScramKeys({ hash, salt, iterations, storedKey, serverKey }: StoredScramKeys): string {
  return `SCRAM-${hash}$${iterations}:${base64(salt)}$${base64(storedKey)}:${base64(serverKey)}`
}

/** Undefined for anything that `formatScramKeys` would not have written. */
export function parseScramKeys(text: string): StoredScramKeys | undefined {
  const match =
    /^SCRAM-(SHA-1|SHA-256)\$([1-9][0-9]{0,7}):([\w+/=]{1,400})\$([\w+/=]{1,50}):([\w+/=]{1,50})$/.exec(text)
  if (!match) return undefined
  const hash: ScramHash = match[1] === 'SHA-1' ? 'SHA-1' : 'SHA-256'
  const iterations = Number(match[2])
  const [salt, storedKey, serverKey] = match.slice(3).map(parseBase64)
  if (!salt || !storedKey || !serverKey) return undefined
  if (iterations > maxScramIterations || salt.length > maxScramSaltOctets) return undefined
  const { octets } = hashes[hash]
  if (storedKey.length !== octets || serverKey.length !== octets) return undefined
  return { hash, salt, iterations, storedKey, serverKey }
}

/** Strict base64 of at least one octet: full padding, no stray bits, nothing between. Undefined for anything else. */
export function parseBase64(text: string): Uint8Array | undefined {
  const octets = Buffer.from(text, 'base64')
  return text !== '' && octets.toString('base64') === text ? octets : undefined
}

/** What the client shows: ClientKey XOR ClientSignature. */
export function scramProof(salted: Uint8Array, authMessage: string, hash: ScramHash): Uint8Array {
  const clientKey = hmac(hash, salted, 'Client Key')
  return xor(clientKey, hmac(hash, digest(hash, clientKey), authMessage))
}

/** Whether the proof was made with the password of these keys; in the same time for any proof. */
export function scramProofFits(
  { storedKey }: ScramKeys,
  authMessage: string,
  proof: Uint8Array,
  hash: ScramHash,
): boolean {
  if (proof.length !== hashes[hash].octets || storedKey.length !== proof.length) return false
  const clientKey = xor(proof, hmac(hash, storedKey, authMessage))
  return timingSafeEqual(digest(hash, clientKey), storedKey)
}

/** What the server shows. */
export function scramServerSignature(
  serverKey: Uint8Array,
  authMessage: string,
  hash: ScramHash,
): Uint8Array {
  return hmac(hash, serverKey, authMessage)
}

export function scramServerKey(salted: Uint8Array, hash: ScramHash): Uint8Array {
  return hmac(hash, salted, 'Server Key')
}

function keysOf(salted: Uint8Array, hash: ScramHash): ScramKeys {
  return {
    storedKey: digest(hash, hmac(hash, salted, 'Client Key')),
    serverKey: scramServerKey(salted, hash),
  }
}

function hmac(hash: ScramHash, key: Uint8Array, text: string): Uint8Array {
  return createHmac(hashes[hash].algorithm, key).update(text).digest()
}

function digest(hash: ScramHash, octets: Uint8Array): Uint8Array {
  return createHash(hashes[hash].algorithm).update(octets).digest()
}

function xor(left: Uint8Array, right: Uint8Array): Uint8Array {
  return left.map((octet, index) => octet ^ (right[index] ?? 0))
}

function base64(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('base64')
}
