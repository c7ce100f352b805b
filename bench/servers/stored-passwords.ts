// What is kept of the corpus's passwords, made as Poplar makes it for a new account; Dovecot gets the same SCRAM keys.
import { defaultPasswordCost } from '../../src/auth/password.ts'
import { parseScramKeys, type StoredScramKeys } from '../../src/auth/scram.ts'
import { storePassword } from '../../src/auth/stored-password.ts'
import type { StoredPassword } from '../../src/mail/account-registry.ts'

const scramIterations = 4096

/** The corpus has one password for all, and each account is verified on its own all the same. */
export class StoredPasswords {
  readonly #known = new Map<string, StoredPassword>()

  async of(password: string): Promise<StoredPassword> {
    const known = this.#known.get(password)
    if (known) return known
    const stored = await storePassword(Buffer.from(password), { cost: defaultPasswordCost, scramIterations })
    this.#known.set(password, stored)
    return stored
  }
}

/** The keys for SCRAM-SHA-256 as `doveadm pw -s SCRAM-SHA-256` writes them. */
export function dovecotScramKeys({ scramKeys = [] }: StoredPassword): string {
  const keys = scramKeys.map(parseScramKeys).find(parsed => parsed?.hash === 'SHA-256')
  if (!keys) throw new Error('a password has no keys for SCRAM-SHA-256')
  return formatForDovecot(keys)
}

function formatForDovecot({ iterations, salt, storedKey, serverKey }: StoredScramKeys): string {
  const fields = [salt, storedKey, serverKey].map(octets => Buffer.from(octets).toString('base64'))
  return `{SCRAM-SHA-256}${[iterations, ...fields].join(',')}`
}
