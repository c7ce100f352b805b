// All sections of the suite, in the order in which they are reported.
import type { Pop3Section } from '../pop3-case.ts'
import { listings } from './rfc1939-listings.ts'
import { transaction } from './rfc1939-transaction.ts'
import { capaSection } from './rfc2449-capa.ts'
import { stlsSection } from './rfc2595-stls.ts'
import { plainSection } from './rfc4616-plain.ts'
import { saslSection } from './rfc5034-sasl.ts'
import { scramSection } from './rfc5802-scram.ts'
import { tlsSection } from './rfc8314-tls.ts'

export const sections: readonly Pop3Section[] = [
  listings,
  transaction,
  capaSection,
  stlsSection,
  tlsSection,
  saslSection,
  plainSection,
  scramSection,
]
