// All sections of the suite, in the order in which they are reported.
import type { Pop3Section } from '../pop3-case.ts'
import { hostile } from './hostile.ts'
import { messages } from './messages.ts'
import { midSession } from './mid-session.ts'
import { oddLines } from './odd-lines.ts'
import { pipelining } from './pipelining.ts'
import { last } from './rfc1460-last.ts'
import { apopSection } from './rfc1939-apop.ts'
import { authorization } from './rfc1939-authorization.ts'
import { autologout } from './rfc1939-autologout.ts'
import { greeting } from './rfc1939-greeting.ts'
import { lines } from './rfc1939-lines.ts'
import { listings } from './rfc1939-listings.ts'
import { lock } from './rfc1939-lock.ts'
import { numbers } from './rfc1939-numbers.ts'
import { states } from './rfc1939-states.ts'
import { top } from './rfc1939-top.ts'
import { transaction } from './rfc1939-transaction.ts'
import { uniqueIds } from './rfc1939-uidl.ts'
import { update } from './rfc1939-update.ts'
import { capaSection } from './rfc2449-capa.ts'
import { codesSection } from './rfc2449-codes.ts'
import { stlsSection } from './rfc2595-stls.ts'
import { plainSection } from './rfc4616-plain.ts'
import { saslSection } from './rfc5034-sasl.ts'
import { scramSection } from './rfc5802-scram.ts'
import { utf8Section } from './rfc6856-utf8.ts'
import { tlsSection } from './rfc8314-tls.ts'
import { sessions } from './sessions.ts'

export const sections: readonly Pop3Section[] = [
  greeting,
  authorization,
  apopSection,
  states,
  lines,
  numbers,
  lock,
  update,
  autologout,
  listings,
  transaction,
  top,
  uniqueIds,
  messages,
  sessions,
  midSession,
  capaSection,
  codesSection,
  stlsSection,
  tlsSection,
  saslSection,
  plainSection,
  scramSection,
  utf8Section,
  pipelining,
  oddLines,
  hostile,
  last,
]
