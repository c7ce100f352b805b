// CRAM-MD5, RFC 2195, the client's side.
import { createHmac } from 'node:crypto'
import { type SaslClient, SaslClientError } from '../sasl-client.ts'
import { clientExchange, last, notYet } from './client-exchange.ts'
import { checkCredential, encodeText } from './credentials.ts'

const maxChallengeOctets = 1024

export interface CramMd5Credentials {
  readonly name: string
  readonly password: string
}

export function cramMd5Client({ name, password }: CramMd5Credentials): SaslClient {
  return clientExchange('CRAM-MD5', async function* (first) {
    const secret = encodeText(checkCredential(password, 'password'))
    const userName = checkCredential(name, 'name')
    const challenge = first ?? (yield notYet(undefined))
    if (challenge.length === 0 || challenge.length > maxChallengeOctets)
      throw new SaslClientError('malformed-challenge', 'the challenge is empty or too long')
    yield last(encodeText(`${userName} ${cramMd5Digest(challenge, secret)}`))
  })
}

/** 32 hexadecimal digits in lower case. */
export function cramMd5Digest(challenge: Uint8Array, secret: Uint8Array): string {
  return createHmac('md5', secret).update(challenge).digest('hex')
}
