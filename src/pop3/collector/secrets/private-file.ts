// A file that holds secrets: read only when not everybody may read it, and only as far as is sensible.
import { isUtf8 } from 'node:buffer'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { SecretError } from './secret-error.ts'

const maxFileOctets = 1 << 20

/** What is looked for in it, as it is called in sentences. */
export type PrivateThing = 'password' | 'key'

/** All of it as text. Throws `SecretError` that names the file, and nothing of what it holds. */
export async function readPrivateFile(file: string, what: PrivateThing = 'password'): Promise<string> {
  const unusable = (why: string, cause?: unknown) =>
    new SecretError('configuration', `no ${what} can be had from ${file}: ${why}`, { cause })
  const handle = await opened(file, unusable)
  try {
    const { mode } = await handle.stat()
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw unusable('it is not a file')
    if ((mode & 0o007) !== 0)
      throw unusable(`everybody may read it; \`chmod 600 ${file}\` makes it its owner's alone`)
    const octets = Buffer.alloc(maxFileOctets + 1)
    const { bytesRead } = await handle.read(octets, 0, octets.length, 0)
    if (bytesRead > maxFileOctets) throw unusable('it is too large for that')
    const text = octets.subarray(0, bytesRead)
    if (!isUtf8(text)) throw unusable('it is not UTF-8')
    return text.toString()
  } finally {
    await handle.close()
  }
}

type Unusable = (why: string, cause?: unknown) => SecretError

async function opened(file: string, unusable: Unusable): Promise<FileHandle> {
  try {
    // A pipe must not keep us waiting.
    return await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw unusable(code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`, error)
  }
}
