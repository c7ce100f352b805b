// PLAIN, RFC 4616, the client's side.
import type { SaslClient } from '../sasl-client.ts'
import { clientExchange, expectInvitation, last } from './client-exchange.ts'
import { checkCredential, encodeText } from './credentials.ts'

export interface PlainCredentials {
  readonly name: string
  readonly password: string
  /** Whom to act as, if somebody else. */
  readonly actAs?: string
}

export function plainClient({ name, password, actAs = '' }: PlainCredentials): SaslClient {
  return clientExchange('PLAIN', async function* (challenge) {
    expectInvitation(challenge)
    const authorizationId = actAs && checkCredential(actAs, 'name')
    const credentials = [checkCredential(name, 'name'), checkCredential(password, 'password')]
    yield last(encodeText([authorizationId, ...credentials].join('\0')))
  })
}
