// What servers keep of the corpus's passwords for SCRAM-SHA-256: keys that were derived beforehand, as a server that
// serves this mechanism has them.
import { randomBytes } from 'node:crypto'
import { deriveScramKeys, formatScramKeys, type StoredScramKeys } from '../../src/auth/scram.ts'

const iterations = 4096
const saltOctets = 16

/** One set of keys for each password: the corpus has one password for all, and each account is verified on its own. */
export class ScramKeysByPassword {
  readonly #known = new Map<string, StoredScramKeys>()

  async of(password: string): Promise<StoredScramKeys> {
    const known = this.#known.get(password)
    if (known) return known
    const keys = await deriveScramKeys(Buffer.from(password), randomBytes(saltOctets), iterations, 'SHA-256')
    this.#known.set(password, keys)
    return keys
  }
}

/** As RFC 5803 has it, for Poplar. */
export const poplarKeys = formatScramKeys

/** As `doveadm pw -s SCRAM-SHA-256` writes it. */
export function dovecotKeys({ salt, storedKey, serverKey }: StoredScramKeys): string {
  const fields = [salt, storedKey, serverKey].map(octets => Buffer.from(octets).toString('base64'))
  return `{SCRAM-SHA-256}${[iterations, ...fields].join(',')}`
}
