// SASL as a client speaks it, RFC 4422: the other side of a mechanism. Nothing here needs more than Node.

/** One login of a client. */
export interface SaslClient {
  /** As IANA registers it. */
  readonly name: string
  /**
   * Takes a challenge and gives the response. Undefined asks for the initial response, and is answered with undefined
   * where the server speaks first; an empty challenge at the start is an invitation to begin, and the same as undefined.
   * Rejects with a `SaslClientError`: then the exchange is over, and to be cancelled.
   */
  next(challenge: Uint8Array | undefined): Promise<Uint8Array | undefined>
  /** Whether all was said, and the server has shown what it must: success that comes earlier is not to be believed. */
  readonly isComplete: boolean
}

export type SaslClientErrorCode =
  | 'bad-credentials' // a name or a password that cannot be sent by this mechanism
  | 'malformed-challenge' // not what the mechanism's grammar allows
  | 'unexpected-challenge' // the server goes on where nothing is left to say
  | 'weak-server' // fewer iterations than we accept, or more than we are willing to compute
  | 'server-error' // the server says why it refuses
  | 'server-proof' // the server does not know the password: it is not who it claims to be

/** Says what is wrong with the server's words, or with what was to be sent; holds no secret. */
export class SaslClientError extends Error {
  override readonly name = 'SaslClientError'
  readonly code: SaslClientErrorCode

  constructor(code: SaslClientErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
