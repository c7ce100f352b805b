// All sections of the suite, in the order in which they are reported.
import type { Pop3Section } from '../pop3-case.ts'
import { transaction } from './rfc1939-transaction.ts'
import { capaSection } from './rfc2449-capa.ts'

export const sections: readonly Pop3Section[] = [transaction, capaSection]
