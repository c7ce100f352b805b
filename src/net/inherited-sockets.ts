// Sockets that a service manager opened and handed down, as sd_listen_fds(3) of systemd describes it: a server without any
// privilege serves port 110 by them, and nobody who connects while it restarts is turned away.
import { fstatSync } from 'node:fs'

export interface InheritedSocket {
  /** The descriptor: 3 and up. */
  readonly fd: number
  /** As the service manager calls it: `FileDescriptorName=`. */
  readonly name: string
}

const firstDescriptor = 3
const maxSockets = 1_000

/**
 * What was handed down to the process of this id; nothing where the variables are not there, or are another process's.
 * Takes the variables away, so that no child believes them to be its own. Throws an Error that names the variable which
 * makes no sense.
 */
export function takeInheritedSockets(
  environment: NodeJS.ProcessEnv,
  pid: number,
): readonly InheritedSocket[] {
  const { LISTEN_PID: owner, LISTEN_FDS: count, LISTEN_FDNAMES: names } = environment
  delete environment.LISTEN_PID
  delete environment.LISTEN_FDS
  delete environment.LISTEN_FDNAMES
  if (owner !== String(pid) || count === undefined) return []
  if (!/^[1-9]\d{0,3}$/.test(count) || Number(count) > maxSockets)
    throw new Error(`LISTEN_FDS must be a number from 1 to ${maxSockets}`)
  const each = names?.split(':') ?? []
  if (each.length !== Number(count))
    throw new Error(
      `LISTEN_FDNAMES has ${each.length} names for ${count} sockets: name each with FileDescriptorName=`,
    )
  return each.map((name, index) => ({ fd: firstDescriptor + index, name }))
}

export function formatInheritedSocket({ fd, name }: InheritedSocket): string {
  return `the inherited socket ${fd} (${JSON.stringify(name)})`
}

/** Why the descriptor can be no socket that listens; undefined when it can. */
export function descriptorFault(fd: number): string | undefined {
  try {
    return fstatSync(fd).isSocket() ? undefined : 'it is no socket'
  } catch {
    return 'it is not open'
  }
}
