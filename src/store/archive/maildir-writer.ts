// Writes a Maildir: every message to tmp/, to disk, then renamed into cur/; dates as the files' times, flags in the
// names, and a dovecot-uidlist beside them that keeps the UIDLs, for Dovecot and for the way back.
import { type FileHandle, mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { StoredMessage } from '../../mail/archive-store.ts'
import { toFileLineEnds } from '../../mail/message/line-ends.ts'
import { ArchiveError, archiveError } from './archive.ts'
import { writeOctets } from './archive-file.ts'
import { formatUidList } from './dovecot-uidlist.ts'
import { flagSuffix } from './maildir-name.ts'

/** So many files wait in tmp/ for one journal commit. */
const maxWaiting = 64

/**
 * Writes `messages` into a new Maildir at `path`, which must not exist or be empty. `written` is called after each
 * message. Returns how many there are. Throws `ArchiveError`; what was written until then stays.
 */
export async function writeMaildir(
  path: string,
  messages: AsyncIterable<StoredMessage>,
  written: (message: StoredMessage) => void = () => {},
): Promise<number> {
  await createMaildir(path)
  const entries: { uid: number; uidl: string; baseName: string }[] = []
  const waiting: WrittenFile[] = []
  try {
    for await (const message of messages) {
      const uid = entries.length + 1
      const file = await writeMessage(path, message, uid)
      waiting.push(file)
      entries.push({ uid, uidl: message.uidl, baseName: file.baseName })
      if (waiting.length >= maxWaiting) await finish(path, waiting)
      written(message)
    }
  } finally {
    await finish(path, waiting)
  }
  await writeList(path, formatUidList(Math.floor(Date.now() / 1000), entries))
  for (const folder of [join(path, 'cur'), path]) await syncFolder(folder)
  return entries.length
}

async function createMaildir(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
    if ((await readdir(path)).length > 0)
      throw new ArchiveError(`${path}: not empty, and nothing is written over`)
    for (const folder of ['cur', 'new', 'tmp']) await mkdir(join(path, folder), { mode: 0o700 })
  } catch (error) {
    throw archiveError(path, error)
  }
}

/** A file in tmp/ that is complete, but not on disk for certain. */
interface WrittenFile {
  readonly file: FileHandle
  readonly temporaryName: string
  readonly baseName: string
  readonly name: string
}

/** An incomplete file is removed. */
async function writeMessage(maildir: string, message: StoredMessage, uid: number): Promise<WrittenFile> {
  const timeMs = message.internalDate.getTime()
  const seconds = Math.max(0, Math.floor(timeMs / 1000))
  const microseconds = Math.max(0, (timeMs % 1000) * 1000)
  const temporaryName = `${seconds}.M${microseconds}P${process.pid}Q${uid}.${safeHostname()}`
  const path = join(maildir, 'tmp', temporaryName)
  const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    throw archiveError(path, error)
  })
  try {
    const fileOctets = await writeOctets(file, toFileLineEnds(message.body))
    await file.utimes(message.internalDate, message.internalDate)
    const baseName = `${temporaryName},S=${fileOctets},W=${message.octets}`
    return { file, temporaryName, baseName, name: baseName + flagSuffix(message.flags) }
  } catch (error) {
    await file.close()
    await rm(path, { force: true })
    throw archiveError(path, error)
  }
}

/** Brings the files to disk, all at once because that is one journal commit rather than many, then into cur/. */
async function finish(maildir: string, waiting: WrittenFile[]): Promise<void> {
  const files = waiting.splice(0)
  try {
    await Promise.all(files.map(({ file }) => file.sync()))
    for (const { temporaryName, name } of files) {
      await rename(join(maildir, 'tmp', temporaryName), join(maildir, 'cur', name))
    }
  } catch (error) {
    throw archiveError(maildir, error)
  } finally {
    await Promise.all(files.map(({ file }) => file.close()))
  }
}

async function writeList(maildir: string, text: string): Promise<void> {
  const path = join(maildir, 'dovecot-uidlist')
  try {
    await writeFile(path, text, { encoding: 'latin1', mode: 0o600, flag: 'wx', flush: true })
  } catch (error) {
    throw archiveError(path, error)
  }
}

/** Makes the names in a folder durable. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** `/` and `:` mean something else in the names of a Maildir. */
function safeHostname(): string {
  return hostname().replace(/[/:,\s]/g, '_')
}
