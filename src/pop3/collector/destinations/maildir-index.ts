// Which delivery keys a Maildir has, by the names of its files: read once, kept up, and read again when that was a while ago,
// because another process may have delivered. A hit is looked at before it is believed.
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

const namePattern = /^\d+\.M\d+C([0-9a-f]{64})\./
/** Shorter than any lease on a source lasts: what a killed collector stored is seen by the one that comes after it. */
const maxAgeMs = 5000

export class MaildirIndex {
  readonly #path: string
  /** Paths below the Maildir, by key. */
  #files = new Map<string, string>()
  /** Names in tmp/, by key. */
  #leftovers = new Map<string, string[]>()
  #readAt = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined
  /** Added while the folders are being read, which may have missed them. */
  #added: (readonly [key: string, file: string])[] = []

  constructor(path: string) {
    this.#path = path
  }

  async refresh(): Promise<void> {
    if (performance.now() - this.#readAt > maxAgeMs) await this.#read()
  }

  /** Whether a file of that key is there now. */
  async has(key: string): Promise<boolean> {
    const file = this.#files.get(key)
    if (file === undefined) return false
    if (await this.#isFile(file)) return true
    // A reader has given it flags, moved it or removed it.
    await this.#read()
    const moved = this.#files.get(key)
    return moved !== undefined && (await this.#isFile(moved))
  }

  add(key: string, file: string): void {
    this.#files.set(key, file)
    this.#leftovers.delete(key)
    if (this.#reading) this.#added.push([key, file])
  }

  /** Files in tmp/ that an attempt which was cut off has left behind. */
  leftovers(key: string): readonly string[] {
    return this.#leftovers.get(key) ?? []
  }

  /** Once for all who ask meanwhile. */
  #read(): Promise<void> {
    this.#reading ??= this.#readFolders().finally(() => {
      this.#reading = undefined
      this.#added = []
    })
    return this.#reading
  }

  async #readFolders(): Promise<void> {
    const startedAt = performance.now()
    const files = new Map<string, string>()
    const leftovers = new Map<string, string[]>()
    for (const name of await readdir(join(this.#path, 'tmp'))) {
      const key = deliveryKeyOfFile(name)
      if (key !== undefined) leftovers.set(key, [...(leftovers.get(key) ?? []), name])
    }
    // In this order: readers move files from new/ to cur/, and one that is moved meanwhile is seen twice rather than never.
    for (const folder of ['new', 'cur'])
      for (const name of await readdir(join(this.#path, folder))) {
        const key = deliveryKeyOfFile(name)
        if (key !== undefined) files.set(key, join(folder, name))
      }
    for (const [key, file] of this.#added) files.set(key, file)
    this.#files = files
    this.#leftovers = leftovers
    this.#readAt = startedAt
  }

  async #isFile(file: string): Promise<boolean> {
    try {
      return (await lstat(join(this.#path, file))).isFile()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      return false
    }
  }
}

/** In the name of a file that was stored by us, whatever flags a reader has put behind it. */
export function deliveryKeyOfFile(name: string): string | undefined {
  return namePattern.exec(name)?.[1]
}
