// LOGIN: PLAIN in two steps, from a draft that was never finished, for clients that know nothing else. Never written
// down as a standard; the prompts are those that all servers send, and no client reads.
import type { Mechanism, Verifier } from '../sasl.ts'
import { decodeName, encodeText, isPassword } from './credentials.ts'
import { ending, exchange, refused, type Script } from './exchange.ts'

const namePrompt = encodeText('Username:')
const passwordPrompt = encodeText('Password:')

export const login: Mechanism = {
  name: 'LOGIN',
  source: 'draft-murchison-sasl-login-00',
  begin: verifier => exchange(initial => serve(verifier, initial)),
}

async function* serve(verifier: Verifier, initial: Uint8Array | undefined): Script {
  const name = decodeName(initial ?? (yield namePrompt))
  if (name === undefined) return refused(verifier, 'malformed', undefined)
  const password = yield passwordPrompt
  if (!isPassword(password)) return refused(verifier, 'malformed', name)
  return ending(await verifier.verifyPassword(name, password))
}
