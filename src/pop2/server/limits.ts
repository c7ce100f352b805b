// What a POP2 session may cost: time, patience, and how many there may be. There is no count of bad commands: the first one
// closes the connection.

export interface Pop2Limits {
  /** Inactivity after which a session ends and deletes nothing. */
  readonly autologoutMs: number
  /** The same before HELO. */
  readonly authorizationTimeoutMs: number
  /** How long a peer may take nothing of what is sent to it. */
  readonly writeTimeoutMs: number
  readonly sessions: number
  /** Per IPv4 address or IPv6 /64 network. */
  readonly sessionsPerAddress: number
  /** Whether `sessionsPerAddress` holds for this machine too. */
  readonly countLoopback: boolean
}

const defaults: Pop2Limits = {
  autologoutMs: 600_000,
  authorizationTimeoutMs: 600_000,
  writeTimeoutMs: 120_000,
  sessions: 1_000,
  sessionsPerAddress: 100,
  countLoopback: false,
}

export function completeLimits(given: Partial<Pop2Limits> = {}): Pop2Limits {
  return { ...defaults, ...given }
}
