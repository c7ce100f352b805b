// The lock that every program which touches mboxes on Debian respects (Policy 11.6): a file `NAME.lock`, made whole under
// another name and linked, with `pid:host` in it, as Dovecot writes. Node has no fcntl lock, so programs that use nothing
// else are not kept out. A lock whose process is gone, or that nobody has touched for five minutes, is broken.
import { link, lstat, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createId } from '../../../mail/id.ts'
import { DestinationError } from '../destination.ts'

const staleMs = 300_000
const touchEveryMs = 60_000
const pauseMs = 100

export interface Dotlock {
  release(): Promise<void>
}

export interface DotlockOptions {
  readonly waitMs: number
  readonly signal: AbortSignal
}

/** Locks the mbox at `path`. Throws `DestinationError` `unavailable` when another has it for longer than `waitMs`. */
export async function lockMbox(path: string, { waitMs, signal }: DotlockOptions): Promise<Dotlock> {
  const lock = `${path}.lock`
  const own = `${lock}.${process.pid}.${createId()}`
  await writeFile(own, `${process.pid}:${hostname()}\n`, { flag: 'wx', mode: 0o644 })
  try {
    const until = performance.now() + waitMs
    while (!(await linked(own, lock))) {
      await breakIfStale(lock)
      if (performance.now() > until) throw new DestinationError('unavailable', `${path} is locked: ${lock}`)
      await sleep(pauseMs, undefined, { signal })
    }
  } finally {
    await rm(own, { force: true })
  }
  const touching = setInterval(() => void touch(lock), touchEveryMs).unref()
  return {
    async release() {
      clearInterval(touching)
      await rm(lock, { force: true })
    },
  }
}

/** Removes what killed processes have left beside the lock before they had it. */
export async function removeLockLeftovers(path: string): Promise<void> {
  const folder = dirname(path)
  const beginning = `${basename(path)}.lock.`
  for (const name of await readdir(folder)) {
    const pid =
      name.startsWith(beginning) && /^(\d{1,10})\.[0-9A-Z]{26}$/.exec(name.slice(beginning.length))?.[1]
    if (!pid) continue
    const file = join(folder, name)
    const found = await lookAt(file)
    // It may have ended before it had written anything.
    if (found && (found.isStale || (found.isEmpty && isDead(pid)))) await rm(file, { force: true })
  }
}

async function linked(own: string, lock: string): Promise<boolean> {
  try {
    await link(own, lock)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  }
}

/** Somebody else may break it at the same time and make a new one: what is taken away is looked at once more. */
async function breakIfStale(lock: string): Promise<void> {
  const judged = await lookAt(lock)
  if (!judged?.isStale) return
  const aside = `${lock}.${process.pid}.${createId()}`
  try {
    await rename(lock, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return
  }
  const taken = await lookAt(aside)
  if (taken && taken.inode !== judged.inode) await linked(aside, lock)
  await rm(aside, { force: true })
}

interface Found {
  readonly inode: bigint
  readonly isEmpty: boolean
  readonly isStale: boolean
}

async function lookAt(lock: string): Promise<Found | undefined> {
  try {
    const found = await lstat(lock, { bigint: true })
    const { ino, mtimeMs, size } = found
    const isOld = Date.now() - Number(mtimeMs) > staleMs
    const text = found.isFile() && size > 0n && size < 1024n ? await readFile(lock, 'utf8') : ''
    return { inode: ino, isEmpty: size === 0n, isStale: isOld || isOfTheDead(text) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return undefined
  }
}

function isOfTheDead(text: string): boolean {
  const [, pid = '', host] = /^(\d{1,10}):(\S+)\s*$/.exec(text) ?? []
  return host === hostname() && isDead(pid)
}

function isDead(pid: string): boolean {
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

async function touch(lock: string): Promise<void> {
  const now = new Date()
  await utimes(lock, now, now).catch(() => undefined)
}
