// EXTERNAL, RFC 4422 appendix A: TLS has asked already, by the client's certificate; what is left to say is whom to act as.
import type { Mechanism, Verifier } from '../sasl.ts'
import { decodeText, maxNameOctets } from './credentials.ts'
import { ending, exchange, noOctets, refused, type Script } from './exchange.ts'

export const external: Mechanism = {
  name: 'EXTERNAL',
  source: 'RFC 4422 appendix A',
  needs: 'client-certificate',
  begin: verifier => exchange(initial => serve(verifier, initial)),
}

async function* serve(verifier: Verifier, initial: Uint8Array | undefined): Script {
  const name = decodeText(initial ?? (yield noOctets), maxNameOctets)
  if (name === undefined) return refused(verifier, 'malformed', undefined)
  return ending(await verifier.verifyCertificate(name === '' ? undefined : name))
}
