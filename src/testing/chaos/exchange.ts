// One command and its reply as they pass by: what rules choose by, and what faults work on.
import type { Random } from '../../conformance/random.ts'

/** The greeting is chosen by this verb: nobody has asked for it. */
export const greeting = 'GREETING'
/** What a message of SMTP is answered, behind its final dot; in LMTP for each recipient. */
export const endOfData = 'END-OF-DATA'

export type ChaosProtocol = 'pop3' | 'smtp' | 'lmtp'

export interface Exchange {
  readonly protocol: ChaosProtocol
  /** In capitals, or `GREETING`, or `END-OF-DATA`. */
  readonly verb: string
  /** What stands behind the verb; in LMTP behind the RCPT that `END-OF-DATA` is for. */
  readonly argument: string
  /** Whom the client has claimed to be, last. */
  readonly user: string | undefined
}

export interface Reply {
  /** With its CRLF; in SMTP and LMTP all of its lines. It may be a challenge. Latin-1, as all text here. */
  readonly status: string
  /** The lines that follow in POP3, stuffed, the terminator among them; undefined where none do. */
  readonly body: string | undefined
}

/** What the client gets. */
export type Step =
  | { readonly kind: 'send'; readonly text: string }
  /** In pieces of so many octets, each a packet of its own. */
  | { readonly kind: 'trickle'; readonly text: string; readonly octets: number; readonly everyMs: number }
  | { readonly kind: 'wait'; readonly ms: number }
  /** One line of the client is taken, and goes nowhere. */
  | { readonly kind: 'hear' }
  /** So many octets of a message are taken, and go nowhere; fewer where it ends. */
  | { readonly kind: 'swallow'; readonly octets: number }
  /** Nothing more, for as long as the client stays. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'close' }

export interface FaultContext {
  readonly exchange: Exchange
  readonly random: Random
  /** What faults remember of the session. */
  readonly memory: Map<string, string>
}

/** The whole reply. */
export function textOf({ status, body = '' }: Reply): string {
  return status + body
}

/** Who a response of AUTH claims to be; undefined where it does not say. Of LOGIN it is the first response. */
export function claimedIn(response: string, mechanism: string): string | undefined {
  const text = Buffer.from(response, 'base64').toString('utf8')
  const patterns: Readonly<Record<string, RegExp>> = {
    PLAIN: /^[^\0]*\0([^\0]+)\0/,
    LOGIN: /^(.+)$/s,
    'CRAM-MD5': /^(.+) [0-9a-f]{32}$/,
    XOAUTH2: /^user=([^\x01]+)\x01/,
    OAUTHBEARER: /^n,a=([^,]+),/,
  }
  const pattern =
    patterns[mechanism] ?? (mechanism.startsWith('SCRAM-') ? /^[ynp][^,]*,[^,]*,n=([^,]+),/ : undefined)
  return pattern?.exec(text)?.[1]
}
