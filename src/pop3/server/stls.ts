// STLS, RFC 2595 section 4: from clear text to TLS. The session does it, once +OK is on its way.
import { ok } from '../wire/reply.ts'
import { type Answer, badCommand, type SessionContext } from './state.ts'

const begin: Answer = { text: ok('begin TLS negotiation'), startTls: true }
const active = badCommand('TLS is active')
const none = badCommand('TLS is not available here')

export function stls({ channel, services }: SessionContext): Answer {
  if (channel) return active
  return services.tls ? begin : none
}
