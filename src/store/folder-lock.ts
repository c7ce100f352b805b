// One server for one data folder. The lock is one that the kernel gives back when the process ends, however it ends: an
// exclusive transaction on a SQLite file that holds nothing. A readable file beside it says who it is.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { Refusal } from '../mail/errors.ts'
import { lockFile } from './sql/sqlite/file-lock.ts'

export interface FolderLock {
  /** Lets another server have the folder. Safe twice. */
  release(): void
}

/** What a server says of itself in the folder it serves. */
export interface FolderHolder {
  readonly pid: number
  readonly host: string
  /** ISO 8601 */
  readonly since: string
}

/** Takes the folder for this process. Refuses with `folder-in-use`, naming the holder, and where the disk does not let it. */
export function lockFolder(folder: string): FolderLock {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const release = lockFile(join(folder, 'serving.lock'))
  if (!release) throw new Refusal('folder-in-use', `${folder} is served already, ${describeHolder(folder)}`)
  const holder: FolderHolder = { pid: process.pid, host: hostname(), since: new Date().toISOString() }
  writeFileSync(holderPath(folder), `${JSON.stringify(holder)}\n`, { mode: 0o600 })
  let released = false

  return {
    release() {
      if (released) return
      released = true
      rmSync(holderPath(folder), { force: true })
      release()
    },
  }
}

/** Who took the folder last; undefined when it gave the folder back, or cannot be read. One that was killed still stands. */
export function folderHolder(folder: string): FolderHolder | undefined {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(holderPath(folder), 'utf8')) as Partial<FolderHolder>
    return typeof pid === 'number' && typeof host === 'string' && typeof since === 'string'
      ? { pid, host, since }
      : undefined
  } catch {
    return undefined
  }
}

function describeHolder(folder: string): string {
  const holder = folderHolder(folder)
  return holder ? `by process ${holder.pid} on ${holder.host} since ${holder.since}` : 'by another process'
}

function holderPath(folder: string): string {
  return join(folder, 'serving.json')
}
