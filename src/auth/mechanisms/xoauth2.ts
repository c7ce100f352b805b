// XOAUTH2: what Google made before RFC 7628 was there, and what most programs still speak.
import type { Mechanism } from '../sasl.ts'
import { type BearerMessage, bearerMechanism, isBearerName, parseBearer } from './bearer.ts'
import { pairSeparator } from './credentials.ts'

export const xoauth2: Mechanism = bearerMechanism({
  name: 'XOAUTH2',
  source: "Google's XOAUTH2",
  parse,
  invalidStatus: '401',
})

/** `user=<name> %x01 auth=Bearer <token> %x01 %x01`, in this order and no other. */
function parse(text: string): BearerMessage | undefined {
  const [user, auth, ...rest] = text.split(pairSeparator)
  if (rest.length !== 2 || rest.some(part => part !== '')) return undefined
  const name = user?.startsWith('user=') ? user.slice('user='.length) : ''
  const token = auth?.startsWith('auth=') ? parseBearer(auth.slice('auth='.length)) : undefined
  return token !== undefined && isBearerName(name) ? { token, name } : undefined
}
