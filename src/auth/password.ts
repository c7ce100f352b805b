// Passwords at rest: argon2id in PHC form (RFC 9106). Hashing runs on the thread pool, never on the event loop.
// The library's default algorithm is argon2id.
import { isUtf8 } from 'node:buffer'
import { hash, verify } from '@node-rs/argon2'

/** Memory in KiB, passes and lanes of argon2id. */
export interface PasswordCost {
  readonly memoryKiB: number
  readonly passes: number
  readonly lanes: number
}

/** The first choice of the OWASP password storage guidance: about 16 ms on a 2020s server core. */
export const defaultPasswordCost: PasswordCost = { memoryKiB: 19_456, passes: 2, lanes: 1 }

/** The PHC string of a new, salted hash. Every octet of the password counts; they must be UTF-8. */
export async function hashPassword(
  password: Uint8Array,
  cost: PasswordCost = defaultPasswordCost,
): Promise<string> {
  if (!isUtf8(password)) throw new TypeError('a password must be UTF-8')
  return hash(password, {
    memoryCost: cost.memoryKiB,
    timeCost: cost.passes,
    parallelism: cost.lanes,
  })
}

/** Whether the password belongs to the PHC string. Octets that are not UTF-8, and strings that are no PHC string, never do. */
export async function verifyPassword(passwordHash: string, password: Uint8Array): Promise<boolean> {
  try {
    return await verify(passwordHash, password)
  } catch {
    return false
  }
}

/** Whether a stored string is argon2id of exactly this cost. */
export function hasCost(passwordHash: string, { memoryKiB, passes, lanes }: PasswordCost): boolean {
  return passwordHash.startsWith(`$argon2id$v=19$m=${memoryKiB},t=${passes},p=${lanes}$`)
}
