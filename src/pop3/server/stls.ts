// STLS, RFC 2595 section 4: from clear text to TLS. The session does it, once +OK is on its way.
import type { Answer, SessionContext } from './state.ts'

export function stls({ channel, services, language }: SessionContext): Answer {
  if (channel) return language.answers.tlsActive
  return services.tls ? language.answers.beginTls : language.answers.noTls
}
