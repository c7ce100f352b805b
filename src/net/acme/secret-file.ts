// Files that only the office may read, written so that a reader finds the old octets or the new ones, never a part, and
// so that a crash loses neither.
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Makes the folder for nobody else; one that is there stays as its owner made it. */
export async function makeSecretFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
}

/** Writes beside the file's place, durably; `moveIntoPlace` finishes it. */
export async function writeBeside(file: string, text: string): Promise<void> {
  await rm(beside(file), { force: true })
  // Exclusive: nothing that lies there, such as a link to elsewhere, is written through.
  const handle = await open(beside(file), 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export async function moveIntoPlace(file: string): Promise<void> {
  await rename(beside(file), file)
}

/** Makes the moves in a file's folder outlast a crash. */
export async function syncFolderOf(file: string): Promise<void> {
  const handle = await open(dirname(file), 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The file's text; undefined when there is no such file. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Where `writeBeside` puts what is to become the file. */
export function beside(file: string): string {
  return `${file}.new`
}
