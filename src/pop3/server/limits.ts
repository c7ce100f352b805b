// What a POP3 session may cost: time, patience, and how many there may be. The length of lines is in ../wire/limits.ts.
import type { AddressRules } from '../../net/limits.ts'

export interface Pop3Limits {
  /**
   * Inactivity after which a session ends without entering UPDATE. RFC 1939 section 3 forbids less than 10 minutes;
   * less is refused unless `allowShortAutologout`.
   */
  readonly autologoutMs: number
  /** The same before login. RFC 1939 section 3 makes no difference; an operator under attack may. */
  readonly authorizationTimeoutMs: number
  /** For tests only. */
  readonly allowShortAutologout: boolean
  /** How long a peer may take nothing of what is sent to it; at the least 64 KiB must pass in this time. */
  readonly writeTimeoutMs: number
  /** How long a TLS handshake may take. */
  readonly handshakeTimeoutMs: number
  /** Bad commands after which the connection is closed, before and after login. */
  readonly badCommandsBeforeLogin: number
  readonly badCommands: number
  /** Failed logins after which the connection is closed. */
  readonly loginFailures: number
  /** Bad commands and failed logins answered at once; later answers wait, twice as long each time. */
  readonly promptRefusals: number
  readonly refusalDelayMs: number
  readonly maxRefusalDelayMs: number
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

const minAutologoutMs = 600_000

const defaults: Pop3Limits = {
  autologoutMs: minAutologoutMs,
  authorizationTimeoutMs: minAutologoutMs,
  allowShortAutologout: false,
  writeTimeoutMs: 120_000,
  handshakeTimeoutMs: 30_000,
  badCommandsBeforeLogin: 10,
  badCommands: 20,
  loginFailures: 5,
  promptRefusals: 3,
  refusalDelayMs: 100,
  maxRefusalDelayMs: 3_000,
  minOctetsPerSecond: 1024,
  lineTimeoutMs: 60_000,
  sessions: 10_000,
  sessionsPerAddress: 100,
  countLoopback: false,
  addressRules: undefined,
}

/** The defaults with what was given. Throws a RangeError for an autologout the RFC forbids. */
export function completeLimits(given: Partial<Pop3Limits> = {}): Pop3Limits {
  const limits = { ...defaults, ...given }
  if (limits.autologoutMs < minAutologoutMs && !limits.allowShortAutologout) {
    throw new RangeError(`autologoutMs must be at least ${minAutologoutMs} (RFC 1939 section 3)`)
  }
  return limits
}

/** How long the answer to the `nth` refusal of a session waits; 1 is the first. */
export function refusalDelayMs(limits: Pop3Limits, nth: number): number {
  const late = nth - limits.promptRefusals
  return late <= 0 ? 0 : Math.min(limits.refusalDelayMs * 2 ** (late - 1), limits.maxRefusalDelayMs)
}
