// The key schedule of TLS 1.3 for TLS_AES_128_GCM_SHA256, RFC 8446 section 7.1. What is the same on every connection is
// computed once.
import { createHash, createHmac } from 'node:crypto'

const hashOctets = 32
const keyOctets = 16
const ivOctets = 12
const nothing = Buffer.alloc(0)
const zeros = Buffer.alloc(hashOctets)
const emptyHash = hash([])

/** Keys of one direction. RFC 8446 section 7.3. */
export interface TrafficKeys {
  readonly key: Buffer
  readonly iv: Buffer
}

export function hash(messages: readonly Buffer[]): Buffer {
  const digest = createHash('sha256')
  for (const message of messages) digest.update(message)
  return digest.digest()
}

function hmac(key: Buffer, octets: Buffer): Buffer {
  return createHmac('sha256', key).update(octets).digest()
}

/** HKDF-Extract, RFC 5869 section 2.2. */
function extract(salt: Buffer, keyMaterial: Buffer): Buffer {
  return hmac(salt, keyMaterial)
}

/** HKDF-Expand-Label; one block of HMAC is enough for all that TLS asks with this hash. */
function expandLabel(secret: Buffer, label: string, context: Buffer, octets: number): Buffer {
  return hmac(secret, labelOf(label, context, octets)).subarray(0, octets)
}

/** HkdfLabel, and the number of the block behind it. */
function labelOf(label: string, context: Buffer, octets: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`, 'latin1')
  const head = Buffer.of(octets >> 8, octets & 0xff, name.length)
  return Buffer.concat([head, name, Buffer.of(context.length), context, Buffer.of(1)])
}

/** Derive-Secret, of the hash of the messages rather than the messages. */
export function deriveSecret(secret: Buffer, label: string, transcriptHash: Buffer): Buffer {
  return expandLabel(secret, label, transcriptHash, hashOctets)
}

const keyLabel = labelOf('key', nothing, keyOctets)
const ivLabel = labelOf('iv', nothing, ivOctets)

export function trafficKeys(secret: Buffer): TrafficKeys {
  return {
    key: hmac(secret, keyLabel).subarray(0, keyOctets),
    iv: hmac(secret, ivLabel).subarray(0, ivOctets),
  }
}

const finishedLabel = labelOf('finished', nothing, hashOctets)

/** The content of Finished, and of a binder. RFC 8446 section 4.4.4. */
export function finishedOf(secret: Buffer, transcriptHash: Buffer): Buffer {
  return hmac(hmac(secret, finishedLabel), transcriptHash)
}

/** The early secret; without a key agreed before, it is of zeros. */
export function earlySecretOf(preSharedKey: Buffer | undefined): Buffer {
  return preSharedKey ? extract(zeros, preSharedKey) : plainEarlySecret
}

const plainEarlySecret = extract(zeros, zeros)
const plainDerived = deriveSecret(plainEarlySecret, 'derived', emptyHash)

/** The key that proves, in the first message, that the client holds the pre-shared key. RFC 8446 section 4.2.11.2. */
export function binderKeyOf(earlySecret: Buffer): Buffer {
  return deriveSecret(earlySecret, 'res binder', emptyHash)
}

export function handshakeSecretOf(earlySecret: Buffer, shared: Buffer): Buffer {
  const isPlain = earlySecret === plainEarlySecret
  return extract(isPlain ? plainDerived : deriveSecret(earlySecret, 'derived', emptyHash), shared)
}

export function masterSecretOf(handshakeSecret: Buffer): Buffer {
  return extract(deriveSecret(handshakeSecret, 'derived', emptyHash), zeros)
}

/** RFC 8446 section 4.6.1. */
export function ticketKeyOf(resumptionSecret: Buffer, nonce: Buffer): Buffer {
  return expandLabel(resumptionSecret, 'resumption', nonce, hashOctets)
}
