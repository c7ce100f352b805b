// Examines the data folder from outside: its permissions, the room on its disk, and the clock against its files.
import { constants } from 'node:fs'
import { access, readdir, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Config } from '../../config.ts'
import { formatOctets, formatTime } from '../output.ts'
import type { Finding } from './finding.ts'

/** Below this SQLite's own files have no room to work. */
const leastRoomOctets = 100 * 1024 * 1024
const scarceRoomOctets = 1024 * 1024 * 1024
/** The disk's clock and ours may differ by this much. */
const clockToleranceMs = 60_000
const leastTime = new Date('2026-01-01')

export async function examineFolder(folder: string): Promise<Finding> {
  const what = 'data folder'
  try {
    const found = await stat(folder)
    if (!found.isDirectory()) return { what, state: 'wrong', finding: `${folder} is not a folder` }
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    if (found.mode & 0o077)
      return { what, state: 'note', finding: `${folder} is open to other users; chmod 700 closes it` }
    return { what, state: 'well', finding: folder }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT')
      return { what, state: 'note', finding: `${folder} is not there yet; serve makes it` }
    const reason = code === 'EACCES' ? 'may not be read and written by this user' : String(error)
    return { what, state: 'wrong', finding: `${folder} ${reason}` }
  }
}

export async function examineRoom({ data, smtp }: Config): Promise<Finding> {
  const what = 'disk room'
  const folder = await nearestFolder(data)
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  const needed = Math.max(leastRoomOctets, 2 * smtp.maxOctets)
  const finding = `${formatOctets(free)} free`
  if (free < needed)
    return { what, state: 'wrong', finding: `${finding}, less than ${formatOctets(needed)}: make room` }
  return { what, state: free < scarceRoomOctets ? 'note' : 'well', finding }
}

/** The clock must be past what this program was made in, and not before the files it wrote. */
export async function examineClock(folder: string): Promise<Finding> {
  const what = 'clock'
  const now = new Date()
  const latest = await latestChange(folder)
  if (now < leastTime) return { what, state: 'wrong', finding: `${formatTime(now)} is long past: set it` }
  if (latest.getTime() > now.getTime() + clockToleranceMs)
    return {
      what,
      state: 'wrong',
      finding: `${formatTime(now)} is before the last change of the data, ${formatTime(latest)}: set it`,
    }
  return { what, state: 'well', finding: formatTime(now) }
}

async function latestChange(folder: string): Promise<Date> {
  const names = await readdir(folder).catch(() => [])
  const times = await Promise.all(
    names.map(name =>
      stat(join(folder, name)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  )
  return new Date(Math.max(0, ...times))
}

/** The folder itself, or what will contain it. */
async function nearestFolder(folder: string): Promise<string> {
  const exists = await stat(folder).then(
    () => true,
    () => false,
  )
  return exists || dirname(folder) === folder ? folder : nearestFolder(dirname(folder))
}
