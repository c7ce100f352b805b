// EXTERNAL, RFC 4422 appendix A, the client's side.
import type { SaslClient } from '../sasl-client.ts'
import { clientExchange, expectInvitation, last } from './client-exchange.ts'
import { checkCredential, encodeText } from './credentials.ts'

/** Without `actAs`, as whomever the certificate names. */
export function externalClient({ actAs = '' }: { readonly actAs?: string } = {}): SaslClient {
  return clientExchange('EXTERNAL', async function* (challenge) {
    expectInvitation(challenge)
    yield last(encodeText(actAs && checkCredential(actAs, 'name')))
  })
}
