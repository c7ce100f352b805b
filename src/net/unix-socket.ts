// Listening on a socket in the file system that its owner alone may use. What a server that died has left behind is
// replaced; one that lives is not disturbed.
import { chmodSync, lstatSync, unlinkSync } from 'node:fs'
import { connect, type Server } from 'node:net'
import { isMainThread } from 'node:worker_threads'

/** `sun_path` with its NUL: 108 octets on Linux, 104 on the BSDs and macOS. */
const maxPathOctets = process.platform === 'linux' ? 107 : 103

/** Why there can be no socket of that name, as a sentence; undefined when there can. */
export function socketPathFault(path: string): string | undefined {
  const octets = Buffer.byteLength(path)
  if (octets <= maxPathOctets) return undefined
  return `the path of a socket has at most ${maxPathOctets} octets, and ${path} has ${octets}`
}

/** Binds with mode 0600. Rejects with an error that names path and reason. Closing the server removes the socket. */
export async function listenOnUnixSocket(server: Server, path: string): Promise<void> {
  const fault = socketPathFault(path)
  if (fault) throw new Error(fault)
  await removeStale(path)
  await new Promise<void>((resolve, reject) => {
    const fail = (cause: Error) => reject(new Error(`cannot listen on ${path}: ${cause.message}`, { cause }))
    server.once('error', fail)
    withPrivateFiles(() => server.listen(path, () => resolve()))
    server.once('listening', () => server.off('error', fail))
  })
  chmodSync(path, 0o600)
}

/** Node binds within the call: there is no moment in which others could connect. Threads cannot set the mask. */
function withPrivateFiles(bind: () => void): void {
  if (!isMainThread) return bind()
  const mask = process.umask(0o077)
  try {
    bind()
  } finally {
    process.umask(mask)
  }
}

/** Clears the way for a new socket. Rejects when somebody answers on it, or when it is no socket at all. */
async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found) return
  if (!found.isSocket()) throw new Error(`cannot listen on ${path}: it is there already, and is no socket`)
  const problem = await connectionProblem(path)
  if (problem === undefined) throw new Error(`cannot listen on ${path}: another server does already`)
  if (problem.code !== 'ECONNREFUSED') throw new Error(`cannot listen on ${path}: ${problem.message}`)
  unlinkSync(path)
}

function connectionProblem(path: string): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise(resolve => {
    const socket = connect(path)
    socket.once('error', resolve)
    socket.once('connect', () => {
      socket.destroy()
      resolve(undefined)
    })
  })
}
