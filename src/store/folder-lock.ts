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

/** Takes the folder for this process. Refuses with `folder-in-use`, naming the holder. */
export function lockFolder(folder: string): FolderLock {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const holderPath = join(folder, 'serving.json')
  const release = lockFile(join(folder, 'serving.lock'))
  if (!release) throw new Refusal('folder-in-use', `${folder} is served already, ${holderOf(holderPath)}`)
  const holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() }
  writeFileSync(holderPath, `${JSON.stringify(holder)}\n`, { mode: 0o600 })
  let released = false

  return {
    release() {
      if (released) return
      released = true
      rmSync(holderPath, { force: true })
      release()
    },
  }
}

function holderOf(path: string): string {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
    return `by process ${String(pid)} on ${String(host)} since ${String(since)}`
  } catch {
    return 'by another process'
  }
}
