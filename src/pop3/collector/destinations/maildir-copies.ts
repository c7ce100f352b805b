// The copies that a Maildir has: of new/ and cur/, and of the Maildir++ folders beside them, into which readers move mail. Known by
// the delivery key in the file's name, which readers leave alone. No symbolic link is followed.
import { constants } from 'node:fs'
import { lstat, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { CopiesOptions } from '../destination.ts'
import { type KeptCopy, readCopy } from '../kept-copy.ts'
import { deliveryKeyOfFile } from './maildir-index.ts'

/** A Maildir that is not there is an error: its disk may only not be mounted. */
export async function readMaildirCopies(path: string, { signal, onCopy }: CopiesOptions): Promise<void> {
  const seen = new Set<string>()
  // In this order: readers move files from new/ to cur/.
  for (const folder of await foldersOf(path))
    for (const part of ['new', 'cur'])
      for (const name of await namesIn(join(path, folder, part))) {
        signal.throwIfAborted()
        const deliveryKey = deliveryKeyOfFile(name)
        if (deliveryKey === undefined || seen.has(deliveryKey)) continue
        const copy = await readFileCopy(join(path, folder, part, name), deliveryKey)
        if (!copy) continue
        seen.add(deliveryKey)
        onCopy(copy)
      }
}

/** `.` for the Maildir itself, then its folders. */
async function foldersOf(path: string): Promise<readonly string[]> {
  const found = await readdir(path, { withFileTypes: true })
  const names = found.filter(each => each.isDirectory()).map(({ name }) => name)
  return ['.', ...names.filter(name => name.startsWith('.'))]
}

/** None where the folder is missing, or a link. */
async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await lstat(folder)).isDirectory() ? await readdir(folder) : []
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Undefined when a reader has moved or removed it meanwhile, or it is no file. */
async function readFileCopy(path: string, deliveryKey: string): Promise<KeptCopy | undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  try {
    const file = await open(path, flags)
    try {
      if (!(await file.stat()).isFile()) return undefined
      const stream = file.createReadStream({ autoClose: false, highWaterMark: 128 * 1024 })
      return await readCopy(stream as AsyncIterable<Uint8Array>, header => ({
        deliveryKey,
        headers: [header],
      }))
    } finally {
      await file.close()
    }
  } catch (error) {
    if (['ENOENT', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}
