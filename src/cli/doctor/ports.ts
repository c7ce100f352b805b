// Examines the addresses of [listen]: whether they can be bound, and where not, who has them. That is read from /proc
// where there is one (Linux); elsewhere only that they are taken is known.
import { readdir, readFile, readlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { hostname } from 'node:os'
import { type Config, serviceNames } from '../../config.ts'
import { bind, formatListenAddress, type ListenAddress } from '../../net/listener.ts'
import { folderHolder } from '../../store/folder-lock.ts'
import type { Finding } from './finding.ts'

/** The process that serves the data folder, as it says itself; undefined where none does. */
export function serverOf(folder: string): number | undefined {
  const holder = folderHolder(folder)
  return holder?.host === hostname() && isAlive(holder.pid) ? holder.pid : undefined
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** `server` is the process that serves our data folder, if one does. */
export async function examinePorts(
  { listen, legacy }: Config,
  server: number | undefined,
): Promise<Finding[]> {
  const ports = [
    ...serviceNames.map(service => ({ name: service.toUpperCase(), addresses: listen[service] })),
    { name: 'old POP3', addresses: legacy.pop3 },
    { name: 'old POP3S', addresses: legacy.pop3s },
  ]
  const findings: Finding[] = []
  for (const { name, addresses } of ports)
    for (const address of addresses) findings.push(await examinePort(`${name} port`, address, server))
  return findings
}

async function examinePort(
  what: string,
  address: ListenAddress,
  server: number | undefined,
): Promise<Finding> {
  const place = formatListenAddress(address)
  const problem = await problemOfBinding(address)
  if (problem === undefined) {
    const isServed = server !== undefined && address.port !== 0
    return isServed
      ? {
          what,
          state: 'wrong',
          finding: `${place} is not served by our server (process ${server}): restart it`,
        }
      : { what, state: 'well', finding: `${place} is free` }
  }
  if ((problem.cause as NodeJS.ErrnoException).code !== 'EADDRINUSE')
    return { what, state: 'wrong', finding: problem.message }
  const holder = await holderOf(address.port)
  if (holder !== undefined && holder.pid === server)
    return { what, state: 'well', finding: `${place} is served by our server (process ${server})` }
  const name = holder ? `process ${holder.pid} (${holder.name})` : 'another process'
  return { what, state: 'wrong', finding: `${place} is held by ${name}: end it, or listen elsewhere` }
}

/** Undefined when the address could be bound for a moment. */
async function problemOfBinding(address: ListenAddress): Promise<Error | undefined> {
  const server = createServer()
  try {
    await bind(server, address)
  } catch (error) {
    return error as Error
  }
  await new Promise(resolve => server.close(resolve))
  return undefined
}

interface Holder {
  readonly pid: number
  readonly name: string
}

/** The process that listens on the port, if this user may see it. */
async function holderOf(port: number): Promise<Holder | undefined> {
  const inodes = new Set<string>()
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6'])
    for (const inode of listeningInodes(await readFile(table, 'utf8').catch(() => ''), port))
      inodes.add(inode)
  if (inodes.size === 0) return undefined
  for (const entry of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(entry) || !(await hasSocket(entry, inodes))) continue
    const name = await readFile(`/proc/${entry}/comm`, 'utf8').catch(() => 'unknown')
    return { pid: Number(entry), name: name.trim() }
  }
  return undefined
}

/** Lines of /proc/net/tcp: slot, local address:port in hexadecimal, remote, state (0A is listening), ..., inode. */
function listeningInodes(table: string, port: number): string[] {
  return table.split('\n').flatMap(line => {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
    const isOurs = state === '0A' && Number.parseInt(local?.split(':')[1] ?? '', 16) === port
    return isOurs && inode !== undefined ? [inode] : []
  })
}

async function hasSocket(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`
  const descriptors = await readdir(folder).catch(() => [])
  for (const descriptor of descriptors) {
    const [, inode] =
      /^socket:\[(\d+)\]$/.exec(await readlink(`${folder}/${descriptor}`).catch(() => '')) ?? []
    if (inode !== undefined && inodes.has(inode)) return true
  }
  return false
}
