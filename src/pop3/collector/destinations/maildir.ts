// A Maildir: tmp/, to disk, new/, to disk. Exactly once: the file's name carries the delivery key, and is looked for in new/
// and cur/, whatever flags a reader has put behind it. What a reader has moved elsewhere or removed is not found any more.
// Files have LF line ends, as Maildirs do; the way back gives the same octets. No symbolic link is followed inside.
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { toFileLineEnds } from '../../../mail/message/line-ends.ts'
import type { Destination, DestinationOptions, StoreOutcome } from '../destination.ts'
import { DestinationError } from '../destination.ts'
import type { Letter } from '../letter.ts'
import { orDiskFault } from './disk-fault.ts'
import { syncFolder, writeAll } from './file-octets.ts'
import { readMaildirCopies } from './maildir-copies.ts'
import { MaildirIndex } from './maildir-index.ts'

const folders = ['cur', 'new', 'tmp'] as const
/** So many files are brought to disk together. */
const atOnce = 8

/** `path` is made when it is missing, for its owner alone; what it lies in is not. */
export function maildirDestination(name: string, path: string): Destination {
  const maildir = new Maildir(path)
  return {
    name,
    description: `maildir ${path}`,
    promise: 'exactly-once',
    atOnce,
    store: (letter, options) => orDiskFault(path, () => maildir.store(letter, options)),
    copies: options => orDiskFault(path, () => readMaildirCopies(path, options)),
    close: () => Promise.resolve(),
  }
}

class Maildir {
  readonly #path: string
  readonly #index: MaildirIndex
  #isMade = false

  constructor(path: string) {
    this.#path = path
    this.#index = new MaildirIndex(path)
  }

  async store(letter: Letter, options: DestinationOptions): Promise<StoreOutcome> {
    options.signal.throwIfAborted()
    if (!this.#isMade) await this.#make()
    await this.#index.refresh()
    if (await this.#index.has(letter.deliveryKey)) {
      // An earlier attempt may have ended between the name and its way to disk.
      for (const folder of ['new', 'cur']) await syncFolder(join(this.#path, folder))
      return 'known'
    }
    for (const name of this.#index.leftovers(letter.deliveryKey))
      await rm(join(this.#path, 'tmp', name), { force: true })
    await this.#write(letter, options.signal)
    return 'stored'
  }

  async #write(letter: Letter, signal: AbortSignal): Promise<void> {
    const base = fileName(letter)
    const temporary = join(this.#path, 'tmp', base)
    const file = await open(temporary, 'wx', 0o600)
    let name: string
    try {
      try {
        const octets = await writeAll(file, toFileLineEnds(letter.body()), { position: 0, signal })
        await file.utimes(letter.receivedAt, letter.receivedAt)
        await file.sync()
        name = `${base},S=${octets},W=${letter.octets}`
      } finally {
        await file.close()
      }
      await rename(temporary, join(this.#path, 'new', name))
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined)
      throw error
    }
    this.#index.add(letter.deliveryKey, join('new', name))
    await syncFolder(join(this.#path, 'new'))
  }

  async #make(): Promise<void> {
    const isNew = await makeFolder(this.#path, true)
    for (const folder of folders) await makeFolder(join(this.#path, folder), false)
    await syncFolder(this.#path)
    if (isNew) await syncFolder(dirname(this.#path))
    this.#isMade = true
  }
}

/** Says whether it had to be made. The Maildir itself may be a link to one; what is in it may not lead elsewhere. */
async function makeFolder(path: string, mayBeLink: boolean): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const found = await lstat(path)
  if (found.isDirectory() || (mayBeLink && found.isSymbolicLink())) return false
  const what = found.isSymbolicLink() ? 'is a symbolic link, which is not followed' : 'is no folder'
  throw new DestinationError('configuration', `${path} ${what}`)
}

/** `time.unique.host`: readers sort by the time. `/`, `:` and `,` mean something else in such names. */
function fileName({ deliveryKey, receivedAt }: Letter): string {
  const seconds = Math.max(0, Math.floor(receivedAt.getTime() / 1000))
  const microseconds = Math.max(0, receivedAt.getTime() % 1000) * 1000
  return `${seconds}.M${microseconds}C${deliveryKey}.${hostname().replace(/[/:,\s]/g, '_')}`
}
