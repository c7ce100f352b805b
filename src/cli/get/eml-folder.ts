// A folder with a file for each message, octet for octet as the server gave it. A file comes to its name by a link, after it is
// on disk: never half, never over another. The same message is known again; another of the same name gets a number.
import { createHash } from 'node:crypto'
import { type FileHandle, link, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createId } from '../../mail/id.ts'
import { ArchiveError, archiveError } from '../../store/archive/archive.ts'
import { readArchiveFile } from '../../store/archive/archive-file.ts'

/** Different messages of one name. */
const maxSameName = 1_000
const maxNameLength = 120

/** Whether it was saved now, or was there already. It is on disk for certain either way. */
export type SaveOutcome = 'stored' | 'known'

export class EmlFolder {
  readonly #path: string
  #isMade = false

  constructor(path: string) {
    this.#path = path
  }

  /** Reads the body to its end. Throws what reading throws, then no file is left; `ArchiveError` for what the disk says. */
  async save(body: AsyncIterable<Uint8Array>, key: string | undefined): Promise<SaveOutcome> {
    if (!this.#isMade) await this.#make()
    const temporary = join(this.#path, `.${createId()}.partial`)
    try {
      const digest = await write(temporary, body)
      const outcome = await this.#name(temporary, nameOf(key ?? digest), digest)
      await this.#sync()
      return outcome
    } finally {
      await rm(temporary, { force: true })
    }
  }

  async #make(): Promise<void> {
    try {
      await mkdir(this.#path, { recursive: true, mode: 0o700 })
      this.#isMade = true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw archiveError(this.#path, error)
      throw new ArchiveError(`${this.#path}: a file, not a folder`, { cause: error })
    }
  }

  async #name(temporary: string, name: string, digest: string): Promise<SaveOutcome> {
    for (let at = 1; at <= maxSameName; at++) {
      const path = join(this.#path, `${name}${at === 1 ? '' : `-${at}`}.eml`)
      try {
        await link(temporary, path)
        return 'stored'
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw archiveError(path, error)
      }
      if ((await digestOf(path)) === digest) return 'known'
    }
    throw new ArchiveError(`${this.#path}: ${maxSameName} messages have the name ${name}`)
  }

  /** Makes the names durable. */
  async #sync(): Promise<void> {
    const folder = await open(this.#path, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  }
}

/** A file name of what a server chose: letters, digits and a few marks; all else as `=` and two digits. Never hidden. */
export function nameOf(key: string): string {
  const name = Buffer.from(key)
    .toString('latin1')
    .replace(
      /[^A-Za-z\d._-]|^[.-]/g,
      mark => `=${mark.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    )
  if (name.length <= maxNameLength && name !== '') return name
  const digest = createHash('sha256').update(key).digest('hex')
  return `${name.slice(0, maxNameLength - 33)}-${digest.slice(0, 32)}`
}

/** To disk. Gives the digest. */
async function write(path: string, body: AsyncIterable<Uint8Array>): Promise<string> {
  const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    throw archiveError(path, error)
  })
  const hash = createHash('sha256')
  try {
    for await (const chunk of body) {
      hash.update(chunk)
      await append(file, chunk, path)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return hash.digest('hex')
}

async function append(file: FileHandle, chunk: Uint8Array, path: string): Promise<void> {
  try {
    await file.writeFile(chunk)
  } catch (error) {
    throw archiveError(path, error)
  }
}

/** Undefined for what is no file of ours: a folder, a link. */
async function digestOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of readArchiveFile(path)) hash.update(chunk)
    return hash.digest('hex')
  } catch (error) {
    if (error instanceof ArchiveError) return undefined
    throw error
  }
}
