// A thread that checks passwords, one at a time. It has the lowest claim to the processor, so that a flood of logins never
// takes it from the event loop and its sessions.
import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { verifyCryptScheme } from './crypt-scheme.ts'

/** Whether one of the passwords, tried in turn, belongs to the stored string. */
export interface PasswordQuestion {
  readonly id: number
  readonly stored: string
  readonly passwords: readonly Uint8Array[]
}

export interface PasswordAnswer {
  readonly id: number
  readonly matches: boolean
}

const port = parentPort
if (!port) throw new Error('passwords are checked in a thread')

// Linux gives each thread a nice value of its own; elsewhere this would be the whole process.
if (process.platform === 'linux') setPriority(0, 10)

port.on('message', ({ id, stored, passwords }: PasswordQuestion) => {
  const matches = passwords.some(password => verifyCryptScheme(stored, password))
  port.postMessage({ id, matches } satisfies PasswordAnswer)
})
