// A case of the suite for SMTP and LMTP.
import type { ConformanceCase, Section } from '../../conformance/case.ts'
import type { Need } from './needs.ts'
import type { SmtpPlay } from './play.ts'

export type SmtpCase = ConformanceCase<SmtpPlay, Need>

export type SmtpSection = Section<SmtpCase>
