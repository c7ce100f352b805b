// OAUTHBEARER, RFC 7628, and XOAUTH2, the client's side: a token, and if it was not taken, what the server says of it.
import type { SaslClient } from '../sasl-client.ts'
import { clientExchange, expectInvitation, last, notYet } from './client-exchange.ts'
import { checkCredential, decodeText, encodeText, pairSeparator } from './credentials.ts'
import { formatGs2Header } from './gs2.ts'

const maxErrorOctets = 4096

export interface BearerCredentials {
  readonly name: string
  readonly token: string
}

/** A client that can tell why its token was not taken. */
export interface BearerClient extends SaslClient {
  /** `status` of the server's error; undefined when there was none. */
  readonly refusedStatus: string | undefined
}

export function xoauth2Client(credentials: BearerCredentials): BearerClient {
  const { name, token } = credentials
  const message = [`user=${name}`, `auth=Bearer ${token}`, '', ''].join(pairSeparator)
  return bearerClient('XOAUTH2', credentials, message, '')
}

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
  const message = [header, ...pairs, '', ''].join(pairSeparator)
  return bearerClient('OAUTHBEARER', credentials, message, pairSeparator)
}

/** `dummy` is the response to an error, that the server may end the exchange. */
function bearerClient(
  name: string,
  { token }: BearerCredentials,
  message: string,
  dummy: string,
): BearerClient {
  let refusedStatus: string | undefined
  const client = clientExchange(name, async function* (challenge) {
    expectInvitation(challenge)
    checkCredential(token, 'token')
    const error = yield last(encodeText(message))
    refusedStatus = statusOf(error)
    yield notYet(encodeText(dummy))
  })
  return {
    name,
    next: challenge => client.next(challenge),
    get isComplete() {
      return client.isComplete
    },
    get refusedStatus() {
      return refusedStatus
    },
  }
}

function statusOf(error: Uint8Array): string {
  try {
    const { status } = JSON.parse(decodeText(error, maxErrorOctets) ?? '') as { status?: unknown }
    return typeof status === 'string' && /^[ -~]{1,100}$/.test(status) ? status : 'unknown'
  } catch {
    return 'unknown'
  }
}
