// EXTERNAL, RFC 4422 appendix A: TLS has asked already, by the client's certificate; what is left to say is whom to act as.
import type { Mechanism, Verifier } from '../sasl.ts'
import type { SaslClient } from '../sasl-client.ts'
import { clientExchange, expectInvitation, last } from './client-exchange.ts'
import { checkCredential, decodeText, encodeText, maxNameOctets } from './credentials.ts'
import { ending, exchange, noOctets, refused, type Script } from './exchange.ts'

export const external: Mechanism = {
  name: 'EXTERNAL',
  source: 'RFC 4422 appendix A',
  needs: 'client-certificate',
  begin: verifier => exchange(initial => serve(verifier, initial)),
}

/** Without `actAs`, as whomever the certificate names. */
export function externalClient({ actAs = '' }: { readonly actAs?: string } = {}): SaslClient {
  return clientExchange('EXTERNAL', async function* (challenge) {
    expectInvitation(challenge)
    yield last(encodeText(actAs && checkCredential(actAs, 'name')))
  })
}

async function* serve(verifier: Verifier, initial: Uint8Array | undefined): Script {
  const name = decodeText(initial ?? (yield noOctets), maxNameOctets)
  if (name === undefined) return refused(verifier, 'malformed', undefined)
  return ending(await verifier.verifyCertificate(name === '' ? undefined : name))
}
