// Passwords as other mail servers keep them, `{SCHEME}...`: the schemes of Dovecot and of LDAP (RFC 2307 section 5.3)
// that moving sites bring along, so that nobody needs a new password. For a worker thread: verifying takes the CPU for
// as long as the stored string asks, up to bounds that no string can lift. A scheme unknown here opens nothing.
import { isUtf8 } from 'node:buffer'
import { createHmac, hash, pbkdf2Sync, timingSafeEqual } from 'node:crypto'
import { verifySync } from '@node-rs/argon2'
import { compareSync } from 'bcryptjs'
import { parseShaCrypt } from './sha-crypt.ts'

/** Whether a password fits. Takes CPU time. */
type Verify = (password: Uint8Array) => boolean

interface Scheme {
  /** How octets are written when no `.hex` or `.b64` says it; `text` is taken as it stands. */
  readonly written: 'text' | 'base64' | 'hex'
  /** Of a digest without salt: hexadecimal digits are known by their number. */
  readonly digestOctets?: number
  /** Undefined when the value is not what the scheme writes, or would cost too much. */
  parse(value: Uint8Array): Verify | undefined
}

/** The strings that verify quickly end far below. */
const maxStoredOctets = 4096
/** 1 GiB of memory at once, and 4 GiB filled in all: what libsodium calls sensitive. */
const maxArgon2KiB = 1_048_576
const maxArgon2KiBPasses = 4 * maxArgon2KiB
const maxArgon2Lanes = 64
/** 2 to this power: two seconds or so. */
const maxBcryptCost = 15
const maxScramIterations = 1_000_000

/** One way to write an octet string down as hexadecimal or base64 digits, strictly. */
const decoders = {
  hex: (text: string) =>
    text.length % 2 === 0 && /^[0-9a-f]*$/i.test(text) ? Buffer.from(text, 'hex') : undefined,
  base64: (text: string) => (/^[A-Za-z0-9+/]*={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined),
  text: (text: string) => Buffer.from(text),
} as const satisfies Record<Scheme['written'], (text: string) => Uint8Array | undefined>

const suffixes: Readonly<Record<string, Scheme['written']>> = { HEX: 'hex', B64: 'base64', BASE64: 'base64' }

/** Upper case name -> scheme. */
const schemes: ReadonlyMap<string, Scheme> = new Map<string, Scheme>([
  ...['ARGON2ID', 'ARGON2I', 'ARGON2', 'BLF-CRYPT', 'SHA512-CRYPT', 'SHA256-CRYPT', 'CRYPT'].map(
    name => [name, { written: 'text', parse: parseCrypt }] as const,
  ),
  ...['PLAIN', 'CLEARTEXT', 'CLEAR'].map(name => [name, { written: 'text', parse: parsePlain }] as const),
  ['SHA', digest('sha1', 20)],
  ['SHA1', digest('sha1', 20)],
  ['SHA256', digest('sha256', 32)],
  ['SHA512', digest('sha512', 64)],
  ['SSHA', saltedDigest('sha1', 20)],
  ['SSHA256', saltedDigest('sha256', 32)],
  ['SSHA512', saltedDigest('sha512', 64)],
  ['SMD5', saltedDigest('md5', 16)],
  ['PLAIN-MD5', { ...digest('md5', 16), written: 'hex' }],
  ['LDAP-MD5', digest('md5', 16)],
  ['MD5', digest('md5', 16)], // as LDAP writes it; Dovecot's of this name is `$1$`, which opens nothing here
  ['SCRAM-SHA-1', { written: 'text', parse: value => scramVerify('SCRAM-SHA-1', value) }],
  ['SCRAM-SHA-256', { written: 'text', parse: value => scramVerify('SCRAM-SHA-256', value) }],
])

/**
 * Whether the password belongs to the stored string: `{SCHEME}...`, or bare `$...` as in crypt(3). False for what is
 * malformed, unknown or too dear. Never throws.
 *
 * With bcrypt only the first 72 octets count, as everywhere: moved hashes were made so. Where crypt(3) would have ended a
 * password at a NUL octet, one that has any never fits.
 */
export function verifyCryptScheme(stored: string, password: Uint8Array): boolean {
  return parseStored(stored)?.(password) ?? false
}

/** Whether any password at all could fit the string; tells an unknown scheme from a wrong password. */
export function isVerifiable(stored: string): boolean {
  return parseStored(stored) !== undefined
}

/**
 * SCRAM keys in the form of RFC 5803 section 2 that a string of Dovecot's `{SCRAM-...}` schemes holds, so that SCRAM
 * logins go on after a move; empty for every other string.
 */
export function scramKeysOf(stored: string): readonly string[] {
  const { name, value } = split(stored) ?? {}
  if (!isScramName(name) || !value) return []
  const keys = parseScram(name, value)
  if (!keys) return []
  const { iterations, salt, storedKey, serverKey } = keys
  const [saltText, storedText, serverText] = [salt, storedKey, serverKey].map(octets =>
    Buffer.from(octets).toString('base64'),
  )
  return [`${name}$${iterations}:${saltText}$${storedText}:${serverText}`]
}

/** The scheme's name and the octets behind it. */
function split(stored: string): { readonly name: string; readonly value: Uint8Array } | undefined {
  if (stored.length > maxStoredOctets) return undefined
  if (stored.startsWith('$')) return { name: 'CRYPT', value: Buffer.from(stored) }
  const [, name = '', suffix, text = ''] = /^\{([a-z0-9-]+)(?:\.([a-z0-9]+))?\}(.*)$/is.exec(stored) ?? []
  const scheme = schemes.get(name.toUpperCase())
  if (!scheme) return undefined
  const plainly = scheme.digestOctets === text.length / 2 ? 'hex' : scheme.written
  const written = suffix === undefined ? plainly : suffixes[suffix.toUpperCase()]
  const value = written && decoders[written](text)
  return value && { name: name.toUpperCase(), value }
}

function parseStored(stored: string): Verify | undefined {
  const { name, value } = split(stored) ?? {}
  return name !== undefined && value ? schemes.get(name)?.parse(value) : undefined
}

/** Strings of crypt(3) and their like say themselves what they are. */
function parseCrypt(value: Uint8Array): Verify | undefined {
  const text = Buffer.from(value).toString('latin1')
  return parseShaCrypt(text) ?? parseBcrypt(text) ?? parseArgon2(text)
}

function parseBcrypt(text: string): Verify | undefined {
  const cost = /^\$2[aby]\$(\d\d)\$[./0-9A-Za-z]{53}$/.exec(text)?.[1]
  if (cost === undefined || Number(cost) < 4 || Number(cost) > maxBcryptCost) return undefined
  // The library takes text: octets that are not UTF-8 would change on the way.
  return password =>
    isUtf8(password) && !password.includes(0) && compareSync(Buffer.from(password).toString(), text)
}

function parseArgon2(text: string): Verify | undefined {
  const [, memory, passes, lanes] =
    /^\$argon2id?\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,3})\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$/.exec(text) ??
    []
  if (memory === undefined || Number(memory) > maxArgon2KiB || Number(lanes) > maxArgon2Lanes)
    return undefined
  if (Number(memory) * Number(passes) > maxArgon2KiBPasses) return undefined
  return password => {
    try {
      return verifySync(text, password)
    } catch {
      return false // parameters the library does not take
    }
  }
}

function parsePlain(value: Uint8Array): Verify | undefined {
  // Digests are of one length, whatever the passwords are.
  const expected = sha256(value)
  return value.length === 0 ? undefined : password => timingSafeEqual(sha256(password), expected)
}

function sha256(octets: Uint8Array): Uint8Array {
  return hash('sha256', octets, 'buffer')
}

type DigestAlgorithm = 'md5' | 'sha1' | 'sha256' | 'sha512'

function digest(algorithm: DigestAlgorithm, octets: number): Scheme {
  return {
    written: 'base64',
    digestOctets: octets,
    parse: expected => {
      if (expected.length !== octets) return undefined
      return password => timingSafeEqual(hash(algorithm, password, 'buffer'), expected)
    },
  }
}

/** The digest of password and salt, the salt behind it. */
function saltedDigest(algorithm: DigestAlgorithm, octets: number): Scheme {
  return {
    written: 'base64',
    parse: value => {
      if (value.length <= octets) return undefined
      const [expected, salt] = [value.subarray(0, octets), value.subarray(octets)]
      return password => timingSafeEqual(hash(algorithm, Buffer.concat([password, salt]), 'buffer'), expected)
    },
  }
}

function latin1(octets: Uint8Array): string {
  return Buffer.from(octets).toString('latin1')
}

const scramHashes = {
  'SCRAM-SHA-1': { algorithm: 'sha1', octets: 20 },
  'SCRAM-SHA-256': { algorithm: 'sha256', octets: 32 },
} as const

type ScramName = keyof typeof scramHashes

function isScramName(name: string | undefined): name is ScramName {
  return name === 'SCRAM-SHA-1' || name === 'SCRAM-SHA-256'
}

/** `iterations,salt,StoredKey,ServerKey`, all but the first in base64. */
function parseScram(name: ScramName, value: Uint8Array) {
  const [, iterations, ...texts] = /^([1-9]\d{0,6}),([^,]+),([^,]+),([^,]+)$/.exec(latin1(value)) ?? []
  const [salt, storedKey, serverKey] = texts.map(decoders.base64)
  const { octets } = scramHashes[name]
  if (!salt?.length || storedKey?.length !== octets || serverKey?.length !== octets) return undefined
  if (Number(iterations) > maxScramIterations) return undefined
  return { iterations: Number(iterations), salt, storedKey, serverKey }
}

/** RFC 5802 section 3. The password is taken as it came, unprepared, as Dovecot does when it makes such strings. */
function scramVerify(name: ScramName, value: Uint8Array): Verify | undefined {
  const keys = parseScram(name, value)
  if (!keys) return undefined
  const { algorithm, octets } = scramHashes[name]
  return password => {
    if (password.includes(0)) return false // SASLprep forbids it, and as a key of HMAC it would count for nothing
    const salted = pbkdf2Sync(password, keys.salt, keys.iterations, octets, algorithm)
    const clientKey = createHmac(algorithm, salted).update('Client Key').digest()
    return timingSafeEqual(hash(algorithm, clientKey, 'buffer'), keys.storedKey)
  }
}
