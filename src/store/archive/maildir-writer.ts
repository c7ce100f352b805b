// Writes a Maildir: every message to tmp/, to disk, then renamed into cur/; dates as the files' times, flags in the
// names, and a dovecot-uidlist beside them that keeps the UIDLs, for Dovecot and for the way back.
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { StoredMessage } from '../../mail/archive-store.ts'
import { ArchiveError, archiveError } from './archive.ts'
import { formatUidList } from './dovecot-uidlist.ts'
import { toFileLineEnds } from './line-ends.ts'
import { flagSuffix } from './maildir-name.ts'

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
  for await (const message of messages) {
    const uid = entries.length + 1
    entries.push({ uid, uidl: message.uidl, baseName: await writeMessage(path, message, uid) })
    written(message)
  }
  const uidValidity = Math.floor(Date.now() / 1000)
  await writeDurably(path, 'dovecot-uidlist', [Buffer.from(formatUidList(uidValidity, entries))])
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

/** Returns the name without its flags. */
async function writeMessage(maildir: string, message: StoredMessage, uid: number): Promise<string> {
  const timeMs = message.internalDate.getTime()
  const seconds = Math.max(0, Math.floor(timeMs / 1000))
  const microseconds = Math.max(0, (timeMs % 1000) * 1000)
  const unique = `${seconds}.M${microseconds}P${process.pid}Q${uid}.${safeHostname()}`
  const fileOctets = await writeDurably(
    join(maildir, 'tmp'),
    unique,
    toFileLineEnds(message.body),
    message.internalDate,
  )
  const baseName = `${unique},S=${fileOctets},W=${message.octets}`
  const target = join(maildir, 'cur', baseName + flagSuffix(message.flags))
  await rename(join(maildir, 'tmp', unique), target)
  return baseName
}

/** Writes a new file and waits until it is on disk; an incomplete one is removed. Returns its octets. */
async function writeDurably(
  folder: string,
  name: string,
  octets: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  modified?: Date,
): Promise<number> {
  const path = join(folder, name)
  let fileOctets = 0
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      for await (const chunk of octets) {
        await file.writeFile(chunk)
        fileOctets += chunk.length
      }
      if (modified) await file.utimes(modified, modified)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    await rm(path, { force: true })
    throw archiveError(path, error)
  }
  return fileOctets
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
