// Starting a server, waiting until it greets, stopping it by its pid; and what Linux tells of a family of processes.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Clock ticks a second in /proc/PID/stat; 100 on every Linux of today (`getconf CLK_TCK`). */
const ticksPerSecond = 100
const startTimeoutMs = 30_000
const stopTimeoutMs = 60_000

/** The system may give a port again that it has just got back. */
const given = new Set<number>()

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port')
  if (given.has(address.port)) return freePort()
  given.add(address.port)
  return address.port
}

/** Starts a program with its output in a file, and waits until each port greets. */
export async function startServer(
  command: readonly [string, ...string[]],
  logFile: string,
  ports: readonly number[],
): Promise<ChildProcess> {
  const log = openSync(logFile, 'a')
  const [program, ...args] = command
  const child = spawn(program, args, { stdio: ['ignore', log, log] })
  closeSync(log)
  const deadline = Date.now() + startTimeoutMs
  for (const port of ports) {
    while (!(await greets(port))) {
      if (child.exitCode !== null || Date.now() > deadline) {
        child.kill('SIGKILL')
        throw new Error(`${command.join(' ')} did not start:\n${readFileSync(logFile, 'utf8').slice(-2000)}`)
      }
      await sleep(50)
    }
  }
  return child
}

/** Asks the process to end, and waits until it and all its descendants have. */
export async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const family = processFamily(child.pid)
  child.kill('SIGTERM')
  const deadline = Date.now() + stopTimeoutMs
  while (child.exitCode === null && child.signalCode === null) {
    if (Date.now() > deadline) child.kill('SIGKILL')
    await sleep(20)
  }
  while (family.some(isAlive) && Date.now() < deadline) await sleep(20)
}

/** The pid and those of all its descendants. */
function processFamily(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const entry of readdirSync('/proc')) {
    const stat = /^\d+$/.test(entry) ? readStat(Number(entry)) : undefined
    if (stat) parents.set(Number(entry), Number(stat[1]))
  }
  const family = [pid]
  for (const member of family) {
    for (const [child, parent] of parents) if (parent === member) family.push(child)
  }
  return family
}

/**
 * Octets of memory the family holds: proportional set size, so that pages it shares count once, without pages of files
 * (programs and libraries, which depend on who else on the machine runs them).
 */
export function familyMemory(pid: number): number {
  let kibibytes = 0
  for (const member of processFamily(pid)) {
    const rollup = tryRead(`/proc/${member}/smaps_rollup`)
    for (const [, size] of rollup.matchAll(/^Pss_(?:Anon|Shmem):\s+(\d+) kB/gm)) kibibytes += Number(size)
  }
  return kibibytes * 1024
}

/** Seconds of processor time the family has used, ended and waited-for children included. */
export function familyCpuSeconds(pid: number): number {
  let ticks = 0
  for (const member of processFamily(pid)) {
    // utime, stime, cutime, cstime: fields 14 to 17 of proc(5), counted here from the state, field 3.
    const times = readStat(member)?.slice(11, 15) ?? []
    ticks += times.reduce((sum, time) => sum + Number(time), 0)
  }
  return ticks / ticksPerSecond
}

/** The fields behind the program's name, which may hold spaces and brackets itself. */
function readStat(pid: number): string[] | undefined {
  const stat = tryRead(`/proc/${pid}/stat`)
  return stat === '' ? undefined : stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function isAlive(pid: number): boolean {
  const state = readStat(pid)?.[0]
  return state !== undefined && state !== 'Z'
}

/** Empty when the process is gone. */
function tryRead(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

async function greets(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'data', { signal: AbortSignal.timeout(2000) })
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
