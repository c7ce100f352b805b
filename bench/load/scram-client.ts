// The client of SCRAM-SHA-256, RFC 5802 and RFC 7677, as a load generator needs it: what the password costs is computed
// once for each salt and kept, as RFC 5802 section 5.1 lets clients do; the rest is two HMACs a login.
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'

const hashOctets = 32
/** No channel binding, nobody else to act as: `n,,` in base64. RFC 5802 section 7. */
const gs2Header = 'n,,'
const channelBinding = `c=${Buffer.from(gs2Header).toString('base64')}`

/** What a server keeps of a password, and what its client may keep. RFC 5802 section 3. */
export interface ScramSecrets {
  readonly salt: string
  readonly iterations: number
  readonly clientKey: Buffer
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

export function scramSecretsOf(password: string, salt: string, iterations: number): ScramSecrets {
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), iterations, hashOctets, 'sha256')
  const clientKey = hmac(salted, 'Client Key')
  const storedKey = createHash('sha256').update(clientKey).digest()
  return { salt, iterations, clientKey, storedKey, serverKey: hmac(salted, 'Server Key') }
}

/** One user's logins, one after the other. Messages are given and taken in base64, as POP3 carries them. */
export class ScramClient {
  readonly #name: string
  readonly #password: string
  readonly #makeNonce: () => string
  #secrets: ScramSecrets | undefined
  #first = ''
  #serverSignature = ''

  constructor(name: string, password: string, makeNonce = randomNonce) {
    this.#name = name
    this.#password = password
    this.#makeNonce = makeNonce
  }

  /** The initial response. */
  first(): string {
    this.#first = `n=${this.#name},r=${this.#makeNonce()}`
    return base64(gs2Header + this.#first)
  }

  /** Answers the server's first message. Throws when it is none, or not for this login. */
  final(challenge: string): string {
    const serverFirst = Buffer.from(challenge, 'base64').toString('latin1')
    const [, nonce = '', salt = '', count = ''] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(serverFirst) ?? []
    const own = this.#first.slice(this.#first.lastIndexOf('r=') + 2)
    if (!nonce.startsWith(own) || nonce === own)
      throw new Error('the SCRAM nonce is not ours with more behind it')
    const secrets = this.#secretsFor(salt, Number(count))
    const withoutProof = `${channelBinding},r=${nonce}`
    const authMessage = `${this.#first},${serverFirst},${withoutProof}`
    const signature = hmac(secrets.storedKey, authMessage)
    const proof = Buffer.from(secrets.clientKey.map((octet, index) => octet ^ (signature[index] ?? 0)))
    this.#serverSignature = base64(`v=${hmac(secrets.serverKey, authMessage).toString('base64')}`)
    return base64(`${withoutProof},p=${proof.toString('base64')}`)
  }

  /** Throws unless the server has shown that it knows the password too. */
  check(serverFinal: string): void {
    if (serverFinal !== this.#serverSignature) throw new Error("the server's SCRAM signature is wrong")
  }

  #secretsFor(salt: string, iterations: number): ScramSecrets {
    const known = this.#secrets
    if (known && known.salt === salt && known.iterations === iterations) return known
    this.#secrets = scramSecretsOf(this.#password, salt, iterations)
    return this.#secrets
  }
}

function randomNonce(): string {
  return randomBytes(18).toString('base64')
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'latin1').digest()
}

function base64(text: string): string {
  return Buffer.from(text, 'latin1').toString('base64')
}
