// What is told of one session when it ends: one line in the log.

export interface SessionSummary {
  readonly id: string
  readonly peer: string
  /** The version, such as `TLSv1.3`; undefined when the session stayed in clear. */
  tls: string | undefined
  helo: string | undefined
  /** Messages that were answered, whatever the answer. */
  transactions: number
  /** RCPT commands that were accepted. */
  recipients: number
  /** Octets of the messages that were stored, trace included, each counted once. */
  octets: number
  /** Answers 250 after DATA: one for each message, in LMTP one for each recipient. */
  accepted: number
  /** Replies 4yz and 5yz, to whatever; not the 421 that ends a session. */
  refused: number
  /** Why the session ended; undefined while it goes on. */
  reason: string | undefined
}

/** Reasons of ours. The library has others, which are sentences. */
const reasons: ReadonlySet<string> = new Set([
  'quit',
  'peer closed',
  'drain',
  'closed',
  'killed',
  'timeout',
  'too many errors',
  'line too long',
  'tls-in-clear',
  'proxy-header',
  'injection',
  'fault',
])

/** Whether the reason is one of a small fixed set. */
export function isKnownReason(reason: string): boolean {
  return reasons.has(reason) || reason.startsWith('handshake: ')
}

export function startSummary(id: string, peer: string): SessionSummary {
  return {
    id,
    peer,
    tls: undefined,
    helo: undefined,
    transactions: 0,
    recipients: 0,
    octets: 0,
    accepted: 0,
    refused: 0,
    reason: undefined,
  }
}
