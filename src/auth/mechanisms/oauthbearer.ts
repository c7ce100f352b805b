// OAUTHBEARER, RFC 7628: a token of an OAuth 2.0 server instead of a password.
import type { Mechanism } from '../sasl.ts'
import {
  type BearerClient,
  type BearerCredentials,
  type BearerMessage,
  bearerClient,
  bearerMechanism,
  parseBearer,
  parsePairs,
  separator,
} from './bearer.ts'
import { formatGs2Header, parseGs2Header } from './gs2.ts'

export const oauthbearer: Mechanism = bearerMechanism({
  name: 'OAUTHBEARER',
  source: 'RFC 7628',
  parse,
  invalidStatus: 'invalid_token',
})

export interface OauthbearerCredentials extends BearerCredentials {
  /** The server, as the client called it. */
  readonly host?: string
  readonly port?: number
}

export function oauthbearerClient(credentials: OauthbearerCredentials): BearerClient {
  const { name, token, host, port } = credentials
  const pairs = [
    ...(host === undefined ? [] : [`host=${host}`]),
    ...(port === undefined ? [] : [`port=${port}`]),
    `auth=Bearer ${token}`,
  ]
  const header = formatGs2Header('n', name === '' ? undefined : name)
  const message = [header, ...pairs, '', ''].join(separator)
  return bearerClient('OAUTHBEARER', credentials, message, separator)
}

/** `gs2-header %x01 *(pair %x01) %x01`, RFC 7628 section 3.1. Host and port are what the client believes; nobody asks. */
function parse(text: string): BearerMessage | undefined {
  const header = parseGs2Header(text)
  if (!header || header.flag === 'p') return undefined
  const behind = text.slice(header.text.length)
  if (!behind.startsWith(separator) || !behind.endsWith(separator)) return undefined
  const token = parseBearer(parsePairs(behind.slice(1, -1))?.get('auth'))
  return token === undefined ? undefined : { token, name: header.actAs }
}
