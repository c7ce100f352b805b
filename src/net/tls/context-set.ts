// Certificates as OpenSSL contexts, under one policy, and the choice among them by name (SNI, RFC 6066 section 3; wildcards
// as in RFC 9525 section 6.3). A set never changes: another one takes its place.
import { constants } from 'node:crypto'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { CertificatePair } from './certificate-pair.ts'

/** How long a session can be resumed; its ticket key may go earlier. */
const sessionTimeoutSeconds = 7_200

/**
 * RFC 9325 section 4: ECDHE and AEAD only. AES-128 first, it is as good and faster; who has no AES in hardware says so by
 * wanting ChaCha20 first, and gets it.
 */
const modern: SecureContextOptions = {
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
  ecdhCurve: 'X25519:prime256v1:secp384r1',
  sigalgs: [
    'ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:ed25519:ed448',
    'rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512',
    'rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512',
    'rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512',
  ].join(':'),
  sessionIdContext: 'poplar',
}

/** What the oldest devices know. OpenSSL 3 lets go of its signatures with MD5 and SHA-1 only at security level 0. */
const legacy: SecureContextOptions = {
  minVersion: 'TLSv1',
  ciphers: 'DEFAULT:@SECLEVEL=0',
  ecdhCurve: 'auto',
  sessionIdContext: 'poplar-legacy',
}

const policies = { modern, legacy }

const secureOptions =
  constants.SSL_OP_NO_RENEGOTIATION |
  constants.SSL_OP_CIPHER_SERVER_PREFERENCE |
  constants.SSL_OP_PRIORITIZE_CHACHA |
  constants.SSL_OP_NO_COMPRESSION

interface Entry {
  readonly context: SecureContext
  readonly leaf: Uint8Array
}

export class ContextSet {
  readonly #first: Entry
  readonly #leaves: Buffer
  /** By name in lower case; a wildcard without its asterisk: `.example.org`. */
  readonly #byName = new Map<string, Entry>()

  /**
   * Contexts with the same ticket keys resume each other's sessions, those of sets before and after included.
   * @param authorities PEM; who signs clients' certificates
   */
  constructor(
    pairs: readonly CertificatePair[],
    policy: keyof typeof policies,
    ticketKeys: Buffer,
    authorities: string | undefined,
  ) {
    const entries = pairs.map(({ cert, key, leaf, names }) => ({
      leaf,
      names,
      context: createSecureContext({
        ...policies[policy],
        cert,
        key,
        secureOptions,
        ticketKeys,
        sessionTimeout: sessionTimeoutSeconds,
        ...(authorities !== undefined && { ca: authorities }),
      }),
    }))
    const [first] = entries
    if (!first) throw new Error('there is no certificate')
    this.#first = first
    this.#leaves = Buffer.concat(entries.map(({ leaf }) => leaf))
    for (const entry of entries) {
      for (const name of entry.names) {
        const key = name.startsWith('*.') ? name.slice(1) : name
        if (!this.#byName.has(key)) this.#byName.set(key, entry)
      }
    }
  }

  contextFor(serverName: string | undefined): SecureContext {
    return this.#entryFor(serverName).context
  }

  certificateFor(serverName: string | undefined): Uint8Array {
    return this.#entryFor(serverName).leaf
  }

  /** The same, in the same order: every name is answered alike. */
  hasSameCertificates(other: ContextSet): boolean {
    return this.#leaves.equals(other.#leaves)
  }

  #entryFor(serverName: string | undefined): Entry {
    if (serverName === undefined) return this.#first
    const name = serverName.toLowerCase()
    // The wildcard's key begins with a dot, which is what follows the first label.
    const parent = name.slice(Math.max(0, name.indexOf('.')))
    return this.#byName.get(name) ?? this.#byName.get(parent) ?? this.#first
  }
}
