// The client's side of a mechanism as a script that reads from top to bottom: it yields responses and is given
// challenges.
import { type SaslClient, SaslClientError } from '../sasl-client.ts'

export interface ClientStep {
  /** Undefined only at the start, where the server speaks first. */
  readonly response: Uint8Array | undefined
  /** Whether the server may say now that it succeeded. */
  readonly isComplete: boolean
}

export type ClientScript = AsyncGenerator<ClientStep, void, Uint8Array>

/** Runs a script that begins with the first challenge, if there was one. */
export function clientExchange(
  name: string,
  begin: (challenge: Uint8Array | undefined) => ClientScript,
): SaslClient {
  let script: ClientScript | undefined
  let isComplete = false

  function resume(challenge: Uint8Array | undefined): ReturnType<ClientScript['next']> {
    if (script) return script.next(challenge ?? new Uint8Array(0))
    script = begin(challenge)
    return script.next()
  }

  return {
    name,
    get isComplete() {
      return isComplete
    },
    async next(challenge) {
      isComplete = false
      const { done, value } = await resume(challenge)
      if (done) throw new SaslClientError('unexpected-challenge', `nothing is left to say by ${name}`)
      isComplete = value.isComplete
      return value.response
    },
  }
}

/** For mechanisms in which the client speaks first: the server can only have invited it. */
export function expectInvitation(challenge: Uint8Array | undefined): void {
  if (challenge !== undefined && challenge.length > 0)
    throw new SaslClientError('malformed-challenge', 'the server speaks where the client begins')
}

/** The response with which all is said. */
export function last(response: Uint8Array): ClientStep {
  return { response, isComplete: true }
}

export function notYet(response: Uint8Array | undefined): ClientStep {
  return { response, isComplete: false }
}
