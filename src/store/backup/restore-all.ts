// Puts a whole backup in the place of an office that nobody serves. The old database stays beside it under another name,
// and at every moment one of the two is in place.
import { constants, existsSync } from 'node:fs'
import { chmod, copyFile, link, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isRefusal } from '../../mail/errors.ts'
import { lockFolder } from '../folder-lock.ts'
import { leaveWalMode } from '../sql/sqlite/copy-mail.ts'
import { refusalOf } from '../sql/sqlite/errors.ts'
import { prepareMailFile } from '../sql/sqlite/mail-file.ts'
import { mailFileOf, verifyBackup } from './backup.ts'
import { syncFile } from './new-file.ts'

/**
 * Restores the backup into the folder; gives where the database lies now that was there before, undefined when there was
 * none. Refuses with `folder-in-use`, `store-busy` (a command is at work), `store-unusable`, `store-full`.
 */
export async function restoreAll(folder: string, backup: string): Promise<string | undefined> {
  await verifyBackup(backup)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const lock = lockFolder(folder)
  try {
    return await exchange(folder, backup)
  } finally {
    lock.release()
  }
}

async function exchange(folder: string, backup: string): Promise<string | undefined> {
  const place = mailFileOf(folder)
  const incoming = `${place}.restoring`
  try {
    await rm(incoming, { force: true })
    await copyFile(backup, incoming, constants.COPYFILE_FICLONE)
    await chmod(incoming, 0o600)
    prepareMailFile(incoming)
    await syncFile(incoming)
    const before = existsSync(place) ? await setAside(place) : undefined
    await rename(incoming, place)
    await syncFile(folder)
    // Leases of sessions that the restored office knows nothing of.
    for (const suffix of ['', '-wal', '-shm'])
      await rm(join(folder, `leases.sqlite${suffix}`), { force: true })
    return before
  } finally {
    for (const suffix of ['', '-wal', '-shm', '-journal']) await rm(`${incoming}${suffix}`, { force: true })
  }
}

/** A second name for the database as it is, its log merged into it or, where that is damaged, beside it. */
async function setAside(place: string): Promise<string> {
  const aside = `${place}.before-restore`
  for (const suffix of ['', '-wal']) await rm(`${aside}${suffix}`, { force: true })
  try {
    // Only while nobody else has it open.
    leaveWalMode(place)
  } catch (error) {
    const refusal = refusalOf(error)
    if (!isRefusal(refusal, 'store-unusable')) throw refusal
  }
  await link(place, aside)
  // What is left of a log would be taken for the new file's.
  if (existsSync(`${place}-wal`)) await rename(`${place}-wal`, `${aside}-wal`)
  await rm(`${place}-shm`, { force: true })
  return aside
}
