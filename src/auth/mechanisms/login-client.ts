// LOGIN, the client's side: what the server prompts with is not read, only counted.
import type { SaslClient } from '../sasl-client.ts'
import { clientExchange, last, notYet } from './client-exchange.ts'
import { checkCredential, encodeText } from './credentials.ts'

export interface LoginCredentials {
  readonly name: string
  readonly password: string
}

/** Sends no initial response: not every server takes one. */
export function loginClient({ name, password }: LoginCredentials): SaslClient {
  return clientExchange('LOGIN', async function* (challenge) {
    const responses = [
      encodeText(checkCredential(name, 'name')),
      encodeText(checkCredential(password, 'password')),
    ] as const
    if (challenge === undefined) yield notYet(undefined)
    yield notYet(responses[0])
    yield last(responses[1])
  })
}
