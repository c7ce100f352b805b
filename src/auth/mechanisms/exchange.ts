// The server's side of a mechanism as a script that reads from top to bottom: it yields challenges, is given responses,
// and returns how it ended.
import type { Login } from '../login.ts'
import type { SaslExchange, SaslFailure, SaslStep, Verifier } from '../sasl.ts'

export type Ending = Exclude<SaslStep, { readonly kind: 'challenge' }>

export type Script = AsyncGenerator<Uint8Array, Ending, Uint8Array>

/** A challenge that says nothing: the client is to begin. */
export const noOctets = new Uint8Array(0)

/** Runs a script that begins with the initial response, if there is one. Once it ended, it stays ended. */
export function exchange(begin: (initial: Uint8Array | undefined) => Script): SaslExchange {
  let script: Script | undefined
  let hasEnded = false

  function resume(response: Uint8Array | undefined): ReturnType<Script['next']> {
    if (script) return script.next(response ?? noOctets)
    script = begin(response)
    return script.next()
  }

  return {
    async next(response) {
      if (hasEnded) return failure('malformed')
      try {
        const { done, value } = await resume(response)
        if (!done) return { kind: 'challenge', octets: value }
        hasEnded = true
        return value
      } catch (error) {
        hasEnded = true
        throw error
      }
    },
    abandon() {
      if (hasEnded) return
      hasEnded = true
      // Nobody is there to be told that it cannot be counted.
      script?.return(failure('malformed')).catch(() => undefined)
    },
  }
}

/** A challenge and its response; `abandoned` is called if none comes. */
export async function* challenged(
  challenge: Uint8Array,
  abandoned: () => Promise<unknown>,
): AsyncGenerator<Uint8Array, Uint8Array, Uint8Array> {
  let isAnswered = false
  try {
    const response = yield challenge
    isAnswered = true
    return response
  } finally {
    if (!isAnswered) await abandoned()
  }
}

export function failure(reason: SaslFailure): Ending {
  return { kind: 'failure', reason }
}

/** The end of an exchange in which nobody could be asked. */
export async function refused(
  verifier: Verifier,
  reason: SaslFailure,
  name: string | undefined,
): Promise<Ending> {
  await verifier.refuse(name)
  return failure(reason)
}

/** What the verifier said. */
export function ending(login: Login | undefined, octets?: Uint8Array): Ending {
  if (!login) return failure('refused')
  return octets ? { kind: 'success', login, octets } : { kind: 'success', login }
}
