// The files of other collectors on this machine: looked at before they are read, whole, and never larger than what such a
// file can be. Configurations are read as UTF-8, lists of messages octet for octet.
import { constants } from 'node:fs'
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ForeignFileError } from './foreign.ts'
import { configKinds, type ForeignKind, foreignKind } from './foreign-kind.ts'

export interface ForeignFile {
  readonly path: string
  readonly kind: ForeignKind
  readonly text: string
}

const maxOctets = 128 * 1024 * 1024
const maxEntries = 10_000

/** A file; of a folder, those of its files that are of such a program. Throws `ForeignFileError`. */
export async function readForeignFiles(path: string): Promise<readonly ForeignFile[]> {
  const facts = await stat(path).catch((error: unknown) => {
    throw new ForeignFileError(`${path} cannot be read: ${reasonOf(error)}`, { cause: error })
  })
  if (!facts.isDirectory()) {
    const file = await readForeignFile(path)
    if (!file)
      throw new ForeignFileError(
        `${path}: this is no file of fetchmail, getmail, mpop or Thunderbird that is known here`,
      )
    return [file]
  }
  const names = (await readdir(path, { withFileTypes: true }))
    .filter(entry => entry.isFile())
    .slice(0, maxEntries)
  const files: ForeignFile[] = []
  for (const { name } of names.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = await readForeignFile(join(path, name))
    if (file) files.push(file)
  }
  if (files.length === 0)
    throw new ForeignFileError(`${path}: no file in it is of fetchmail, getmail, mpop or Thunderbird`)
  return files
}

/** Undefined where it is of none of the programs. Throws `ForeignFileError`. */
export async function readForeignFile(path: string): Promise<ForeignFile | undefined> {
  const octets = await readOctets(path)
  const kind = foreignKind(path, octets.toString('latin1', 0, 65_536))
  if (kind === undefined) return undefined
  return { path, kind, text: configKinds.has(kind) ? readText(octets) : octets.toString('latin1') }
}

/** What is no regular file is not waited for. */
async function readOctets(path: string): Promise<Buffer> {
  let handle: FileHandle | undefined
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const facts = await handle.stat()
    if (!facts.isFile()) throw new ForeignFileError(`${path} is no file`)
    if (facts.size > maxOctets) throw new ForeignFileError(`${path} is larger than any such file`)
    return await handle.readFile()
  } catch (error) {
    if (error instanceof ForeignFileError) throw error
    throw new ForeignFileError(`${path} cannot be read: ${reasonOf(error)}`, { cause: error })
  } finally {
    await handle?.close()
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'it is not there',
    EACCES: 'it is not for this user',
    ELOOP: 'its links go in a ring',
  }
  return typeof code === 'string' ? (reasons[code] ?? code) : String(error)
}

/** Old files may be in latin1. */
function readText(octets: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets)
  } catch {
    return octets.toString('latin1')
  }
}
