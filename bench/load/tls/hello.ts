// The first messages of TLS 1.3 each way, RFC 8446 sections 4.1.2 and 4.1.3, and the ticket of section 4.6.1. One cipher
// suite, one group, and the client's key share the same on each connection: making it is no work of the server's.
import { createPublicKey, diffieHellman, generateKeyPairSync, randomBytes } from 'node:crypto'
import { binderKeyOf, earlySecretOf, finishedOf, hash, ticketKeyOf } from './key-schedule.ts'

export const messageTypes = { clientHello: 1, serverHello: 2, newSessionTicket: 4, finished: 20 } as const

/** TLS_AES_128_GCM_SHA256. RFC 8446 appendix B.4. */
const cipherSuite = 0x13_01
const x25519 = 0x00_1d
const extensions = {
  supportedGroups: 10,
  signatureAlgorithms: 13,
  preSharedKey: 41,
  supportedVersions: 43,
  keyExchangeModes: 45,
  keyShare: 51,
} as const

/** What a server gave to come back with. */
export interface Ticket {
  readonly identity: Buffer
  readonly key: Buffer
  readonly ageAdd: number
  readonly receivedAtMs: number
}

export interface ServerHello {
  /** The secret that both have agreed on. */
  readonly shared: Buffer
  readonly isResumed: boolean
}

const keyPair = generateKeyPairSync('x25519')
const keyShare = Buffer.from(keyPair.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')

const fixedExtensions = Buffer.concat([
  extension(extensions.supportedVersions, vector(1, Buffer.of(3, 4))),
  extension(extensions.supportedGroups, vector(2, uint(2, x25519))),
  // ECDSA with P-256 and RSA-PSS: the two kinds of certificate that the benchmark makes.
  extension(extensions.signatureAlgorithms, vector(2, Buffer.of(4, 3, 8, 4))),
  extension(extensions.keyExchangeModes, vector(1, Buffer.of(1))),
  extension(extensions.keyShare, vector(2, Buffer.concat([uint(2, x25519), vector(2, keyShare)]))),
])

/** ClientHello as a handshake message; with a ticket, it asks to resume. */
export function clientHello(ticket: Ticket | undefined): Buffer {
  const binderOctets = 32
  const withoutOffer = (offer: Buffer) =>
    message(
      messageTypes.clientHello,
      Buffer.concat([
        Buffer.of(3, 3),
        randomBytes(32),
        vector(1, Buffer.alloc(0)),
        vector(2, uint(2, cipherSuite)),
        vector(1, Buffer.of(0)),
        vector(2, Buffer.concat([fixedExtensions, offer])),
      ]),
    )
  if (!ticket) return withoutOffer(Buffer.alloc(0))
  const age = (Date.now() - ticket.receivedAtMs + ticket.ageAdd) % 2 ** 32
  const identities = vector(2, Buffer.concat([vector(2, ticket.identity), uint(4, age)]))
  const binders = vector(2, vector(1, Buffer.alloc(binderOctets)))
  const hello = withoutOffer(extension(extensions.preSharedKey, Buffer.concat([identities, binders])))
  // The binder covers all that is before the binders, lengths included. RFC 8446 section 4.2.11.2.
  const covered = hello.subarray(0, hello.length - binders.length)
  finishedOf(binderKeyOf(earlySecretOf(ticket.key)), hash([covered])).copy(hello, hello.length - binderOctets)
  return hello
}

/** Throws when the server chose what was not offered, or asks for another key share. */
export function readServerHello(hello: Buffer): ServerHello {
  const sessionIdAt = 4 + 2 + 32
  const suiteAt = sessionIdAt + 1 + (hello[sessionIdAt] ?? 0)
  if (hello.readUInt16BE(suiteAt) !== cipherSuite) throw new Error('the server chose another cipher suite')
  let at = suiteAt + 2 + 1 + 2
  let shared: Buffer | undefined
  let isResumed = false
  while (at < hello.length) {
    const type = hello.readUInt16BE(at)
    const data = hello.subarray(at + 4, at + 4 + hello.readUInt16BE(at + 2))
    if (type === extensions.keyShare && data.length === 4 + 32) shared = agree(data.subarray(4))
    if (type === extensions.preSharedKey) isResumed = true
    at += 4 + data.length
  }
  if (!shared) throw new Error('the server did not take the key share')
  return { shared, isResumed }
}

function agree(share: Buffer): Buffer {
  const publicKey = createPublicKey({
    key: { kty: 'OKP', crv: 'X25519', x: share.toString('base64url') },
    format: 'jwk',
  })
  return diffieHellman({ privateKey: keyPair.privateKey, publicKey })
}

export function readTicket(body: Buffer, resumptionSecret: Buffer): Ticket {
  const nonceOctets = body[8] ?? 0
  const nonce = body.subarray(9, 9 + nonceOctets)
  const identityAt = 9 + nonceOctets + 2
  const identityOctets = body.readUInt16BE(identityAt - 2)
  return {
    // A copy: the octets belong to a record that is large and soon forgotten.
    identity: Buffer.from(body.subarray(identityAt, identityAt + identityOctets)),
    key: ticketKeyOf(resumptionSecret, nonce),
    ageAdd: body.readUInt32BE(4),
    receivedAtMs: Date.now(),
  }
}

export function message(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.of(type), uint(3, body.length), body])
}

function extension(type: number, data: Buffer): Buffer {
  return Buffer.concat([uint(2, type), vector(2, data)])
}

/** Octets behind their length, RFC 8446 section 3.4. */
function vector(lengthOctets: number, octets: Buffer): Buffer {
  return Buffer.concat([uint(lengthOctets, octets.length), octets])
}

function uint(octets: number, value: number): Buffer {
  const buffer = Buffer.alloc(octets)
  buffer.writeUIntBE(value, 0, octets)
  return buffer
}
