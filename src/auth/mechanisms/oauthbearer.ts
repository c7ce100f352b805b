// OAUTHBEARER, RFC 7628: a token of an OAuth 2.0 server instead of a password.
import type { Mechanism } from '../sasl.ts'
import { type BearerMessage, bearerMechanism, parseBearer, parsePairs } from './bearer.ts'
import { pairSeparator } from './credentials.ts'
import { parseGs2Header } from './gs2.ts'

export const oauthbearer: Mechanism = bearerMechanism({
  name: 'OAUTHBEARER',
  source: 'RFC 7628',
  parse,
  invalidStatus: 'invalid_token',
})

/** `gs2-header %x01 *(pair %x01) %x01`, RFC 7628 section 3.1. Host and port are what the client believes; nobody asks. */
function parse(text: string): BearerMessage | undefined {
  const header = parseGs2Header(text)
  if (!header || header.flag === 'p') return undefined
  const behind = text.slice(header.text.length)
  if (!behind.startsWith(pairSeparator) || !behind.endsWith(pairSeparator)) return undefined
  const token = parseBearer(parsePairs(behind.slice(1, -1))?.get('auth'))
  return token === undefined ? undefined : { token, name: header.actAs }
}
