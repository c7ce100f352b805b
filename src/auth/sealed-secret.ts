// Secrets that must be had back, encrypted under a key that lies outside the database: AES-256-GCM, keys by HKDF (RFC
// 5869). What was changed, moved to another owner or sealed with another key does not open.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

export interface SecretBox {
  /** One line of ASCII. `owner` is needed to open it again: what one account has is of no use as another's. */
  seal(secret: Uint8Array, owner: string): string
  /** Undefined when anything about it is not as it was sealed, or it was sealed with another key. */
  open(sealed: string, owner: string): Uint8Array | undefined
  /** Whether it was sealed with this key: tells a key that was lost from a database that was changed. */
  isOwn(sealed: string): boolean
}

/** Octets of the key that a box is made with. */
export const secretKeyOctets = 32

const version = 'v1'
const nonceOctets = 12
const tagOctets = 16
/** Far above what seals a password, and the tokens of an authorization server. */
const maxSealedLength = 65_536
/** `v1`, the key's name, and nonce, ciphertext and tag; the last two in base64url. */
const form = /^v1\.([\w-]{8})\.([\w-]+)$/

/** `key` are 32 random octets; readSecretKey and ensureSecretKey have them from a file. */
export function createSecretBox(key: Uint8Array): SecretBox {
  if (key.length !== secretKeyOctets) throw new TypeError(`a secret key has ${secretKeyOctets} octets`)
  const encryptionKey = derived(key, 'encryption', 32)
  // Says which key it is, and nothing about it.
  const keyName = Buffer.from(derived(key, 'name', 6)).toString('base64url')
  const bound = (owner: string) => Buffer.from(`${version}\0${keyName}\0${owner}`)

  return {
    seal(secret, owner) {
      const nonce = randomBytes(nonceOctets)
      const cipher = createCipheriv('aes-256-gcm', encryptionKey, nonce).setAAD(bound(owner))
      const octets = Buffer.concat([nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()])
      return `${version}.${keyName}.${octets.toString('base64url')}`
    },

    open(sealed, owner) {
      const [name, octets] = parse(sealed) ?? []
      if (name !== keyName || !octets) return undefined
      const [nonce, tag] = [octets.subarray(0, nonceOctets), octets.subarray(-tagOctets)]
      const cipher = createDecipheriv('aes-256-gcm', encryptionKey, nonce, { authTagLength: tagOctets })
      cipher.setAAD(bound(owner)).setAuthTag(tag)
      try {
        return Buffer.concat([cipher.update(octets.subarray(nonceOctets, -tagOctets)), cipher.final()])
      } catch {
        return undefined
      }
    },

    isOwn: sealed => parse(sealed)?.[0] === keyName,
  }
}

function parse(sealed: string): [keyName: string, octets: Uint8Array] | undefined {
  const [, keyName, text] = (sealed.length <= maxSealedLength && form.exec(sealed)) || []
  if (keyName === undefined || text === undefined) return undefined
  const octets = Buffer.from(text, 'base64url')
  return octets.length >= nonceOctets + tagOctets ? [keyName, octets] : undefined
}

function derived(key: Uint8Array, purpose: string, octets: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, '', `poplar sealed secret ${version} ${purpose}`, octets))
}
