// SCRAM, RFC 5802 and RFC 7677, the client's side: it is complete only when the server has proved that it knows the keys.
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { ChannelBindingType } from '../login.ts'
import type { ScramHash } from '../sasl.ts'
import { type SaslClient, SaslClientError } from '../sasl-client.ts'
import {
  defaultScramIterations,
  maxScramIterations,
  maxScramSaltOctets,
  saltPassword,
  scramProof,
  scramServerKey,
  scramServerSignature,
} from '../scram.ts'
import { type ClientScript, clientExchange, expectInvitation, last, notYet } from './client-exchange.ts'
import { checkCredential, encodeText } from './credentials.ts'
import { encodeSaslName, formatGs2Header } from './gs2.ts'
import { parseServerFinal, parseServerFirst, type ServerFirst } from './scram-messages.ts'

export interface ScramCredentials {
  readonly name: string
  readonly password: string
  /** Whom to act as, if somebody else. */
  readonly actAs?: string
}

export interface ScramClientOptions {
  readonly hash: ScramHash
  /** Octets of the channel: then the mechanism is the one called `-PLUS`. */
  readonly binding?: { readonly type: ChannelBindingType; readonly octets: Uint8Array }
  /** We could bind, but the server did not offer to: it will say so if somebody has taken the offer away. */
  readonly isBindingMissed?: boolean
  /** The form in which names and passwords are sent; default NFKC, control characters refused. */
  readonly prepare?: (text: string) => string
  /** Fewer are refused; default 4,096. */
  readonly minIterations?: number
  /** Default 24 random characters. Only for examples. */
  readonly nonce?: string
}

export function scramClient(credentials: ScramCredentials, options: ScramClientOptions): SaslClient {
  const name = `SCRAM-${options.hash}${options.binding ? '-PLUS' : ''}`
  return clientExchange(name, challenge => {
    expectInvitation(challenge)
    return speak(credentials, options)
  })
}

async function* speak(credentials: ScramCredentials, options: ScramClientOptions): ClientScript {
  const { hash, prepare = prepareLightly } = options
  const header = headerOf(credentials, options)
  const ownNonce = options.nonce ?? randomBytes(18).toString('base64')
  const name = encodeSaslName(prepare(checkCredential(credentials.name, 'name')))
  const password = encodeText(prepare(checkCredential(credentials.password, 'password')))
  const bare = `n=${name},r=${ownNonce}`

  const first = checkServerFirst(yield notYet(encodeText(header + bare)), ownNonce, options)
  const bound = Buffer.concat([encodeText(header), options.binding?.octets ?? new Uint8Array(0)])
  const withoutProof = `c=${bound.toString('base64')},r=${first.nonce}`
  const authMessage = `${bare},${first.text},${withoutProof}`
  const salted = await saltPassword(password, first.salt, first.iterations, hash)
  const proof = Buffer.from(scramProof(salted, authMessage, hash)).toString('base64')

  const final = yield notYet(encodeText(`${withoutProof},p=${proof}`))
  checkServerFinal(final, scramServerSignature(scramServerKey(salted, hash), authMessage, hash))
  yield last(new Uint8Array(0))
}

function headerOf({ actAs }: ScramCredentials, { binding, isBindingMissed }: ScramClientOptions): string {
  const flag = isBindingMissed ? 'y' : 'n'
  return formatGs2Header(binding ? `p=${binding.type}` : flag, actAs)
}

function checkServerFirst(
  challenge: Uint8Array,
  ownNonce: string,
  { minIterations = defaultScramIterations }: ScramClientOptions,
): ServerFirst {
  const first = parseServerFirst(challenge)
  if (!first || first.salt.length > maxScramSaltOctets)
    throw new SaslClientError('malformed-challenge', 'the first message of the server is none of SCRAM')
  if (!first.nonce.startsWith(ownNonce) || first.nonce.length === ownNonce.length)
    throw new SaslClientError('malformed-challenge', 'the nonce of the server does not continue ours')
  if (first.iterations < minIterations || first.iterations > maxScramIterations)
    throw new SaslClientError('weak-server', `the server asks for ${first.iterations} iterations`)
  return first
}

function checkServerFinal(challenge: Uint8Array, expected: Uint8Array): void {
  const final = parseServerFinal(challenge)
  if (!final)
    throw new SaslClientError('malformed-challenge', 'the last message of the server is none of SCRAM')
  if (final.kind === 'error') throw new SaslClientError('server-error', `the server says: ${final.error}`)
  const { signature } = final
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected))
    throw new SaslClientError('server-proof', 'the server has not proved that it knows the password')
}

/** Enough for what people type; a library can do better. */
function prepareLightly(text: string): string {
  const prepared = text.normalize('NFKC')
  if (/\p{Cc}/u.test(prepared))
    throw new SaslClientError('bad-credentials', 'name and password may hold no control characters')
  return prepared
}
