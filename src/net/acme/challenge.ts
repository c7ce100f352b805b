// How a name is shown to be ours: a small server that runs while an order is open, and only then. A port that is held all
// the time would be one more door to guard, and would keep out others that need it, such as a web server.
import type { ListenAddress } from '../listener.ts'

export type ChallengeType = 'http-01' | 'tls-alpn-01'

/** What has to be shown for one name. */
export interface Challenge {
  readonly domain: string
  readonly token: string
  /** The token and the account key's thumbprint, RFC 8555 section 8.1. */
  readonly keyAuthorization: string
}

export interface ChallengeServer {
  /** With the ports the system chose. */
  readonly addresses: readonly ListenAddress[]
  /** Answers this challenge, until the server is closed. */
  answer(challenge: Challenge): Promise<void>
  /** Stops, and ends the connections there are. */
  close(): void
}

/** Connections at a time on one address; a CA opens a few for each name, from several places. */
export const maxChallengeConnections = 64
/** How long one may take from its beginning to its end. */
export const challengeTimeoutMs = 10_000
