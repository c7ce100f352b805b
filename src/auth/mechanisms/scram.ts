// SCRAM-SHA-1 (RFC 5802), SCRAM-SHA-256 (RFC 7677) and both with channel binding, the server's side. The password never
// travels, the server keeps nothing that would open another door, and both sides prove themselves.
import { randomBytes } from 'node:crypto'
import type { ChannelBindingType } from '../login.ts'
import type { Mechanism, ScramCandidates, ScramHash, Verifier } from '../sasl.ts'
import { scramProofFits, scramServerSignature } from '../scram.ts'
import { encodeText } from './credentials.ts'
import { challenged, ending, exchange, failure, noOctets, refused, type Script } from './exchange.ts'
import type { Gs2Header } from './gs2.ts'
import { parseClientFinal, parseClientFirst } from './scram-messages.ts'

interface Variant {
  readonly hash: ScramHash
  /** With channel binding: `-PLUS`. */
  readonly isBound: boolean
}

/** Our half of the nonce, in octets before base64. */
const nonceOctets = 18
const bindingTypes: readonly ChannelBindingType[] = ['tls-exporter', 'tls-server-end-point']

export const scramSha1 = scram({ hash: 'SHA-1', isBound: false }, 'RFC 5802')
export const scramSha1Plus = scram({ hash: 'SHA-1', isBound: true }, 'RFC 5802')
export const scramSha256 = scram({ hash: 'SHA-256', isBound: false }, 'RFC 7677')
export const scramSha256Plus = scram({ hash: 'SHA-256', isBound: true }, 'RFC 7677')

function scram(variant: Variant, source: string): Mechanism {
  return {
    name: `SCRAM-${variant.hash}${variant.isBound ? '-PLUS' : ''}`,
    source,
    ...(variant.isBound && { needs: 'channel-binding' }),
    begin: verifier => exchange(initial => serve(verifier, variant, initial)),
  }
}

async function* serve(verifier: Verifier, variant: Variant, initial: Uint8Array | undefined): Script {
  const first = parseClientFirst(initial ?? (yield noOctets))
  if (!first) return refused(verifier, 'malformed', undefined)
  const binding = bindingOf(first.header, verifier, variant)
  if (!binding) return refused(verifier, 'binding', first.name)

  const candidates = await verifier.findScramKeys(first.name, variant.hash, first.header.actAs)
  const nonce = first.nonce + randomBytes(nonceOctets).toString('base64')
  const serverFirst = `r=${nonce},s=${base64(candidates.salt)},i=${candidates.iterations}`
  const final = parseClientFinal(
    yield* challenged(encodeText(serverFirst), () => candidates.settle(undefined)),
  )
  if (!final || final.nonce !== nonce) {
    await candidates.settle(undefined)
    return failure('malformed')
  }
  if (final.binding !== base64(Buffer.concat([encodeText(first.header.text), binding]))) {
    await candidates.settle(undefined)
    return failure('binding')
  }

  const authMessage = `${first.bare},${serverFirst},${final.withoutProof}`
  const matched = findKeys(candidates, authMessage, final.proof, variant.hash)
  const login = await candidates.settle(matched)
  const serverKey = candidates.keys[matched ?? -1]?.serverKey
  if (!serverKey) return failure('refused')
  const signature = scramServerSignature(serverKey, authMessage, variant.hash)
  return ending(login, encodeText(`v=${base64(signature)}`))
}

/** What the client must have bound to, RFC 5802 section 6; undefined when it bound to something else, or should have bound. */
function bindingOf(
  { flag, bindingType }: Gs2Header,
  { origin: { channel }, offersBinding = true }: Verifier,
  { isBound }: Variant,
): Uint8Array | undefined {
  if (isBound) {
    const type = bindingTypes.find(known => known === bindingType)
    return type && channel?.binding(type)
  }
  // We did offer to bind; somebody between us has taken it off the list.
  const isDowngrade = flag === 'y' && offersBinding && bindingTypes.some(type => channel?.binding(type))
  return flag === 'p' || isDowngrade ? undefined : noOctets
}

/** Every key is tried, so that the time does not tell which fitted. */
function findKeys(
  { keys }: ScramCandidates,
  authMessage: string,
  proof: Uint8Array,
  hash: ScramHash,
): number | undefined {
  const fits = keys.map(candidate => scramProofFits(candidate, authMessage, proof, hash))
  const index = fits.indexOf(true)
  return index === -1 ? undefined : index
}

function base64(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('base64')
}
