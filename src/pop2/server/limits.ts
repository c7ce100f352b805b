// What a POP2 session may cost: time, patience, and how many there may be. There is no count of bad commands: the first one
// closes the connection.
import type { AddressRules } from '../../net/limits.ts'

export interface Pop2Limits {
  /** Inactivity after which a session ends and deletes nothing. */
  readonly autologoutMs: number
  /** The same before HELO. */
  readonly authorizationTimeoutMs: number
  /** How long a peer may take nothing of what is sent to it. */
  readonly writeTimeoutMs: number
  /** Octets a second that a peer must take of what waits for it, over `writeTimeoutMs`; 0: any number. */
  readonly minOctetsPerSecond: number
  /** How long a command may take from its first octet to its last. */
  readonly lineTimeoutMs: number
  readonly sessions: number
  /** Per IPv4 address or IPv6 /64 network. */
  readonly sessionsPerAddress: number
  /** Whether `sessionsPerAddress` holds for this machine too. */
  readonly countLoopback: boolean
  /** Takes the place of `countLoopback`, and of what counts as one address. */
  readonly addressRules: AddressRules | undefined
}

const defaults: Pop2Limits = {
  autologoutMs: 600_000,
  authorizationTimeoutMs: 600_000,
  writeTimeoutMs: 120_000,
  minOctetsPerSecond: 1024,
  lineTimeoutMs: 60_000,
  sessions: 1_000,
  sessionsPerAddress: 100,
  countLoopback: false,
  addressRules: undefined,
}

export function completeLimits(given: Partial<Pop2Limits> = {}): Pop2Limits {
  return { ...defaults, ...given }
}
