// What a process can watch of all its sessions by `node:diagnostics_channel`. Nothing is made for what nobody watches.
import { channel } from 'node:diagnostics_channel'
import type { Pop3ErrorCode } from './errors.ts'

export interface ConnectEvent {
  /** Of this process; the other events of the session have it too. */
  readonly session: number
  readonly host: string
  readonly port: number
  readonly durationMs: number
  /** Why there is no session. */
  readonly error: Pop3ErrorCode | undefined
}

export interface CommandEvent {
  readonly session: number
  /** Without what is secret: `PASS ****`. */
  readonly command: string
  readonly status: 'ok' | 'err'
  readonly responseCode: string | undefined
  /** From sending it to its status line; of commands ahead that is with those before them. */
  readonly durationMs: number
}

export interface MessageEvent {
  readonly session: number
  readonly octets: number
  readonly durationMs: number
}

export interface EndEvent {
  readonly session: number
  /** Undefined for an end that was wanted. */
  readonly error: Pop3ErrorCode | undefined
  readonly sentOctets: number
  readonly receivedOctets: number
}

/** `poplar:pop3:client:connect` and so on. */
export const events = {
  connect: channel('poplar:pop3:client:connect'),
  command: channel('poplar:pop3:client:command'),
  message: channel('poplar:pop3:client:message'),
  end: channel('poplar:pop3:client:end'),
} as const

let sessions = 0

export function nextSessionNumber(): number {
  sessions += 1
  return sessions
}
