// A program that prints a password: bounded in time and octets. What it says besides is thrown away, since nobody knows what
// stands in it.
import { spawn } from 'node:child_process'
import { SecretError } from './secret-error.ts'

export interface CommandOptions {
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
  readonly signal: AbortSignal
  /** Default 30 seconds. */
  readonly timeoutMs?: number
}

const maxOutputOctets = 65_536

/** What it printed, when it ended well. Throws `SecretError`. */
export async function readCommand(
  command: readonly string[],
  { environment, signal, timeoutMs = 30_000 }: CommandOptions,
): Promise<string> {
  const { output, status } = await outputOf(command, { environment, signal, timeoutMs })
  if (status !== 0)
    throw failed(
      command,
      `it ended with ${typeof status === 'number' ? `status ${status}` : status}; run it by hand to see why`,
    )
  return output
}

/** The same, whatever its status: a number, or the name of the signal that ended it. */
export function outputOf(
  [program = '', ...args]: readonly string[],
  { environment, signal, timeoutMs = 30_000 }: CommandOptions,
): Promise<{ readonly output: string; readonly status: number | string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: { ...environment }, stdio: ['ignore', 'pipe', 'ignore'] })
    const pieces: Buffer[] = []
    let octets = 0
    const end = (error: SecretError) => {
      finish()
      child.kill('SIGKILL')
      // Children of its own may hold the other end.
      child.stdout.destroy()
      reject(error)
    }
    const stop = () => end(new SecretError('aborted', 'stopped'))
    const timer = setTimeout(
      () => end(failed([program], `it printed no password in ${timeoutMs / 1000} s`)),
      timeoutMs,
    )
    const finish = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop)
    child.on('error', error => {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
      end(failed([program], isMissing ? 'there is no such program' : 'it cannot be run', error))
    })
    child.stdout.on('data', (piece: Buffer) => {
      octets += piece.length
      if (octets > maxOutputOctets) end(failed([program], 'it prints more than a password'))
      else pieces.push(piece)
    })
    child.on('close', (code, killedBy) => {
      finish()
      resolve({ output: Buffer.concat(pieces).toString(), status: code ?? killedBy ?? 'no status' })
    })
  })
}

function failed([program = '']: readonly string[], why: string, cause?: unknown): SecretError {
  return new SecretError('configuration', `no password can be had from the command ${program}: ${why}`, {
    cause,
  })
}
