// Reads message files as mail programs save them: one .eml file, or all of a folder and the folders in it, in the order
// of their names. Dates from the header, else the file's; there are no UIDLs.
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Archive, type ArchivedMessage, ArchiveError, archiveError } from './archive.ts'
import { readArchiveFile, readBeginning } from './archive-file.ts'
import { dateOfHeader, readHeaderFields } from './header-fields.ts'

/** The date is looked for in so much of a message. */
const maxHeaderOctets = 64 * 1024

/** Throws `ArchiveError` when there is no such file, or no .eml file in the folder. */
export async function openEml(path: string): Promise<Archive> {
  const files = await emlFiles(path)
  let position = 0
  async function* messages(): AsyncGenerator<ArchivedMessage> {
    for (const file of files) {
      yield await toMessage(file)
      position++
    }
  }
  return { messages: messages(), total: files.length, unit: 'messages', position: () => position, faults: [] }
}

async function emlFiles(path: string): Promise<string[]> {
  try {
    if (!(await lstat(path)).isDirectory()) return [path]
    const entries = await readdir(path, { recursive: true, withFileTypes: true })
    const names = entries
      .filter(entry => !entry.isDirectory() && /\.eml$/i.test(entry.name))
      .map(entry => join(entry.parentPath, entry.name))
    if (names.length === 0) throw new ArchiveError(`${path}: no .eml file in this folder`)
    return names.sort()
  } catch (error) {
    throw archiveError(path, error)
  }
}

async function toMessage(path: string): Promise<ArchivedMessage> {
  const message = { octets: readArchiveFile(path), flags: [], source: path }
  try {
    const fields = readHeaderFields(await readBeginning(path, maxHeaderOctets))
    return { ...message, internalDate: dateOfHeader(fields) ?? (await lstat(path)).mtime }
  } catch {
    // Whoever reads the octets gets the error, by the file's name.
    return { ...message, internalDate: new Date(0) }
  }
}
