// The password or token for another server: from a file, from standard input, from the environment, or typed unseen. Never
// an argument, which every user of the machine could read.
import { closeSync, openSync, readSync } from 'node:fs'
import { CommandFailure, exitCodes } from '../failure.ts'
import { type PasswordOptions, readSecret, type Terminal } from '../terminal.ts'

export interface SecretOptions extends PasswordOptions {
  readonly passwordFile?: string
  /** What is read is an access token. */
  readonly oauth2?: boolean
}

export const secretVariable = 'POPLAR_PASSWORD'
/** Tokens of several kilobytes are usual. */
const maxSecretOctets = 64 * 1024

/** Without its last line end. Fails with a sentence that has no part of the secret in it. */
export async function secretFor(options: SecretOptions, terminal?: Terminal): Promise<string> {
  const octets = await octetsOf(options, terminal)
  const what = options.oauth2 ? 'token' : 'password'
  if (octets.length === 0) throw new CommandFailure(`the ${what} is empty`, exitCodes.usage)
  if (octets.length > maxSecretOctets)
    throw new CommandFailure(`the ${what} has more than ${maxSecretOctets} octets`, exitCodes.usage)
  const secret = Buffer.from(octets).toString()
  if (/[\r\n\0]/.test(secret))
    throw new CommandFailure(`the ${what} has a line end or a NUL in it`, exitCodes.usage)
  return secret
}

async function octetsOf(options: SecretOptions, terminal: Terminal | undefined): Promise<Uint8Array> {
  const { passwordFile, passwordStdin } = options
  const given = process.env[secretVariable]
  if (passwordFile !== undefined) return withoutLineEnd(beginningOf(passwordFile))
  if (!passwordStdin && given !== undefined) return Buffer.from(given)
  const question = options.oauth2 ? 'Token: ' : 'Password: '
  return readSecret(options, { question, maxOctets: maxSecretOctets }, terminal)
}

/** As much as could be a secret: the file may be any. */
function beginningOf(path: string): Buffer {
  try {
    const file = openSync(path, 'r')
    try {
      const octets = Buffer.alloc(maxSecretOctets + 3)
      return octets.subarray(0, readSync(file, octets))
    } finally {
      closeSync(file)
    }
  } catch (error) {
    throw new CommandFailure(`${path}: ${(error as Error).message}`, exitCodes.usage, { cause: error })
  }
}

function withoutLineEnd(octets: Buffer): Buffer {
  if (octets.at(-1) !== 0x0a) return octets
  return octets.subarray(0, octets.at(-2) === 0x0d ? -2 : -1)
}
