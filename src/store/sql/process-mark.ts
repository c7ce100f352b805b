// Which process holds something, told so that another on this machine can prove it dead: boot, namespace of process numbers, number
// and start, as Linux has them in /proc. A number alone is given out again. Where any of it cannot be read nothing is proved.
import { readFileSync, readlinkSync } from 'node:fs'

/** `boot/namespace/pid/start`; undefined where the system does not tell. */
export function ownMark(): string | undefined {
  const here = placeOf()
  const start = startOf(process.pid)
  return here === undefined || start === undefined ? undefined : `${here}/${process.pid}/${start}`
}

/** Whether the process with this mark has certainly ended. False for what is no mark, and for processes of another machine. */
export function isProvablyDead(mark: string): boolean {
  const [, place, number, start] =
    /^([0-9a-f-]{36}\/pid:\[\d+\])\/([1-9]\d{0,9})\/(\d{1,20})$/.exec(mark) ?? []
  if (place === undefined || place !== placeOf()) return false
  const pid = Number(number)
  if (!isThere(pid)) return true
  // Of another user it may not be readable.
  const now = startOf(pid)
  return now !== undefined && now !== start
}

/** Boot and namespace: in both of them alike, a number is the same process, or one that came after it. */
function placeOf(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    return `${boot}/${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return undefined
  }
}

/** Ticks between the boot and its start: the 22nd field of /proc/PID/stat, proc_pid_stat(5); the second may hold anything. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

/** Asks the kernel itself: /proc may hide the processes of others. */
function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
