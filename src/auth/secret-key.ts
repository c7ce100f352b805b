// The file with the key of sealed secrets: made once, for its owner's eyes only, and never overwritten.
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { secretKeyOctets } from './sealed-secret.ts'

/** The longest form and a line end have less. */
const maxFileOctets = 256

/**
 * The key in the file: 32 octets in hexadecimal or base64. Throws with a sentence that names the file, and nothing of what
 * it holds: when there is none, when it is not a key, when others may read it.
 */
export function readSecretKey(file: string): Uint8Array {
  let descriptor: number
  try {
    // A pipe must not keep us waiting.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    throw unusable(file, codeOf(error) === 'ENOENT' ? 'there is no such file' : 'it cannot be read', error)
  }
  try {
    const { mode } = fstatSync(descriptor)
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw unusable(file, 'it is not a file')
    if ((mode & 0o077) !== 0)
      throw unusable(file, `others may read it; \`chmod 600 ${file}\` makes it its owner's alone`)
    const octets = Buffer.alloc(maxFileOctets)
    const text = octets.toString('latin1', 0, readSync(descriptor, octets, 0, maxFileOctets, 0)).trim()
    const key = parseSecretKey(text)
    if (!key)
      throw unusable(
        file,
        `it does not hold ${secretKeyOctets} octets in hexadecimal or base64 and nothing else`,
      )
    return key
  } finally {
    closeSync(descriptor)
  }
}

/** The key in the file, made if there is none. Of several who make one at once, all get the same. */
export function ensureSecretKey(file: string): Uint8Array {
  // Written whole beside its place and then linked there: nobody sees half a key, and no key is ever overwritten.
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  try {
    return readSecretKey(file)
  } catch (error) {
    if (!(error instanceof Error) || codeOf(error.cause) !== 'ENOENT') throw error
  }
  try {
    const descriptor = openSync(draft, 'wx', 0o600)
    try {
      writeSync(descriptor, `${randomBytes(secretKeyOctets).toString('hex')}\n`)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    linkSync(draft, file)
    syncFolder(dirname(file))
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw unusable(file, 'it cannot be made', error)
  } finally {
    rmSync(draft, { force: true })
  }
  return readSecretKey(file)
}

/** What is sealed with the key is durable at once; so must be the key. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** 32 octets in hexadecimal or base64; undefined for anything else. */
export function parseSecretKey(text: string): Uint8Array | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex')
  const octets = Buffer.from(text, 'base64')
  return octets.length === secretKeyOctets && octets.toString('base64') === text ? octets : undefined
}

function unusable(file: string, why: string, cause?: unknown): Error {
  return new Error(`the key file ${file} cannot be used: ${why}`, { cause })
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code
}
