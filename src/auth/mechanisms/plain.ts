// PLAIN, RFC 4616: name and password in one message. As safe as the channel is.
import type { Mechanism, Verifier } from '../sasl.ts'
import { decodeName, isPassword } from './credentials.ts'
import { ending, exchange, noOctets, refused, type Script } from './exchange.ts'

interface PlainMessage {
  readonly actAs: string | undefined
  readonly name: string
  readonly password: Uint8Array
}

export const plain: Mechanism = {
  name: 'PLAIN',
  source: 'RFC 4616',
  begin: verifier => exchange(initial => serve(verifier, initial)),
}

async function* serve(verifier: Verifier, initial: Uint8Array | undefined): Script {
  const message = parse(initial ?? (yield noOctets))
  if (!message) return refused(verifier, 'malformed', undefined)
  return ending(await verifier.verifyPassword(message.name, message.password, message.actAs))
}

/** `[authzid] NUL authcid NUL passwd`, RFC 4616 section 2. */
function parse(octets: Uint8Array): PlainMessage | undefined {
  const first = octets.indexOf(0)
  const second = octets.indexOf(0, first + 1)
  if (first === -1 || second === -1) return undefined
  const actAs = first === 0 ? undefined : decodeName(octets.subarray(0, first))
  const name = decodeName(octets.subarray(first + 1, second))
  const password = octets.subarray(second + 1)
  if ((first > 0 && actAs === undefined) || name === undefined || !isPassword(password)) return undefined
  return { actAs, name, password }
}
