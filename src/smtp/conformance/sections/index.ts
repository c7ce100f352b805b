// All sections of the suite for SMTP and LMTP, in the order in which they are reported.
import type { SmtpSection } from '../smtp-case.ts'
import { durability } from './durability.ts'
import { extensions } from './extensions.ts'
import { hostile } from './hostile.ts'
import { lmtp } from './rfc2033-lmtp.ts'
import { pipelining } from './rfc2920-pipelining.ts'
import { starttls } from './rfc3207-starttls.ts'
import { mailData } from './rfc5321-data.ts'
import { lines } from './rfc5321-lines.ts'
import { session } from './rfc5321-session.ts'
import { transaction } from './rfc5321-transaction.ts'
import { smuggling } from './smuggling.ts'

export const sections: readonly SmtpSection[] = [
  session,
  lines,
  transaction,
  extensions,
  mailData,
  smuggling,
  durability,
  pipelining,
  starttls,
  lmtp,
  hostile,
]
