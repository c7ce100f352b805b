// What OAUTHBEARER and XOAUTH2 share: bearer tokens (RFC 6750 section 2.1), pairs of key and value between %x01, and the
// error that is told before the exchange fails, RFC 7628 section 3.2.2.
import type { Mechanism, Verifier } from '../sasl.ts'
import { decodeText, encodeText, maxNameOctets, maxTokenOctets, pairSeparator } from './credentials.ts'
import { ending, exchange, failure, noOctets, refused, type Script } from './exchange.ts'

export interface BearerMessage {
  readonly token: string
  /** Who the client claims to be. */
  readonly name: string | undefined
}

export interface BearerGrammar {
  readonly name: string
  readonly source: string
  parse(text: string): BearerMessage | undefined
  /** `status` of the error, as clients of that mechanism expect it. */
  readonly invalidStatus: string
}

/** Room for the pairs around the token. */
const maxMessageOctets = maxTokenOctets + 4096

export function bearerMechanism(grammar: BearerGrammar): Mechanism {
  return {
    name: grammar.name,
    source: grammar.source,
    needs: 'tokens',
    begin: verifier => exchange(initial => serve(verifier, grammar, initial)),
  }
}

async function* serve(verifier: Verifier, grammar: BearerGrammar, initial: Uint8Array | undefined): Script {
  const text = decodeText(initial ?? (yield noOctets), maxMessageOctets)
  const message = text === undefined ? undefined : grammar.parse(text)
  if (!message) return refused(verifier, 'malformed', undefined)
  const login = await verifier.verifyToken(message.token, message.name)
  if (login) return ending(login)
  const { scope, openidConfiguration } = verifier.tokenAdvice ?? {}
  const error = {
    status: grammar.invalidStatus,
    schemes: 'bearer',
    ...(scope !== undefined && { scope }),
    ...(openidConfiguration !== undefined && { 'openid-configuration': openidConfiguration }),
  }
  // Whatever the client answers, there is nothing more to say.
  yield encodeText(JSON.stringify(error))
  return failure('refused')
}

/** The token of `Bearer <token>`; undefined for any other scheme and for what is no token. */
export function parseBearer(value: string | undefined): string | undefined {
  const token = /^bearer +([\w.~+/-]+=*)$/i.exec(value ?? '')?.[1]
  return token !== undefined && token.length <= maxTokenOctets ? token : undefined
}

/** `key=value` pairs, each ended by the separator; undefined when one is none or comes twice. */
export function parsePairs(text: string): ReadonlyMap<string, string> | undefined {
  const pairs = new Map<string, string>()
  for (const pair of text.split(pairSeparator).slice(0, -1)) {
    const match = /^([A-Za-z]{1,32})=([\x20-\x7e\t\r\n]*)$/.exec(pair)
    if (!match?.[1] || match[2] === undefined || pairs.has(match[1])) return undefined
    pairs.set(match[1], match[2])
  }
  return text.endsWith(pairSeparator) ? pairs : undefined
}

/** Names come from the message or not at all. */
export function isBearerName(name: string): boolean {
  return name !== '' && Buffer.byteLength(name) <= maxNameOctets
}
