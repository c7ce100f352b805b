// A file that appears whole or not at all: written under another name, on disk before it gets its own, for its owner's eyes
// only. Beside it lies its checksum, in the form of `sha256sum`.
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { chmod, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { Refusal } from '../../mail/errors.ts'

/** The checksum's file. */
function checksumPath(file: string): string {
  return `${file}.sha256`
}

/** Lets `write` fill the file. An existing one is refused, and left as it is; a failure leaves nothing behind. */
export async function writeNewFile(file: string, write: (path: string) => Promise<void>): Promise<void> {
  for (const path of [file, checksumPath(file)])
    if (existsSync(path)) throw new Refusal('bad-name', `${path} is there already; name a new file`)
  const path = `${file}.part-${process.pid}`
  const checksum = `${checksumPath(file)}.part-${process.pid}`
  let named = false
  try {
    // Its mode first: there is no moment in which others may read it.
    await (await open(path, 'wx', 0o600)).close()
    await write(path)
    await chmod(path, 0o600)
    await syncFile(path)
    await writeFile(checksum, `${await sha256Of(path)}  ${basename(file)}\n`, { mode: 0o600, flag: 'wx' })
    await syncFile(checksum)
    // The checksum goes first, so that the file is never without.
    await rename(checksum, checksumPath(file))
    await rename(path, file)
    named = true
    await syncFile(dirname(file))
  } catch (error) {
    const left = [path, `${path}-journal`, `${path}-wal`, `${path}-shm`, checksum]
    for (const each of named ? left : [...left, checksumPath(file)]) await rm(each, { force: true })
    throw diskRefusal(error, file)
  }
}

/** What is wrong with a file's octets according to the checksum beside it; undefined when nothing is. */
export async function checksumFault(file: string): Promise<string | undefined> {
  const path = checksumPath(file)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return `its checksum ${path} is missing`
  }
  const [, expected] = /^([0-9a-f]{64}) [ *]/.exec(text) ?? []
  if (expected === undefined) return `${path} holds no SHA-256 checksum`
  return (await sha256Of(file)) === expected ? undefined : `it does not have the checksum that ${path} says`
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 }))
    hash.update(piece as Buffer)
  return hash.digest('hex')
}

/** Of a folder: the names in it. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function diskRefusal(error: unknown, file: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new Refusal('store-full', `${file} was not written: there is no room left on the disk`, {
      cause: error,
    })
  if (error instanceof Refusal && error.code === 'store-full')
    return new Refusal('store-full', `${file} was not written: ${error.message}`, { cause: error })
  return error
}
