// From what was thrown to a reply. A refusal has its code in the table, its words in the catalogues (codes: RFC 3206); anything else is a fault of
// ours: logged with an id that the peer is told, and nothing more.

import { isRefusal, type RefusalCode } from '../../mail/errors.ts'
import { createId } from '../../mail/id.ts'
import type { ResponseCode } from '../wire/reply.ts'
import type { ToldRefusal } from './languages/catalogue.ts'
import type { SessionContext } from './state.ts'

const codes: Readonly<Record<ToldRefusal, ResponseCode>> = {
  'maildrop-in-use': 'IN-USE',
  'lease-lost': 'SYS/TEMP',
  'message-gone': 'SYS/PERM',
  'store-full': 'SYS/TEMP',
  'store-busy': 'SYS/TEMP',
  'store-closed': 'SYS/TEMP',
  'directory-unavailable': 'SYS/TEMP',
  'no-such-account': 'SYS/PERM',
}

/** The reply for what was thrown; `outcome` says what became of the command, where that needs saying. */
export function failureReply(
  error: unknown,
  session: SessionContext,
  doing: string,
  outcome: string = '',
): string | Uint8Array {
  const { texts, err } = session.language
  const consequence = outcome === '' ? '' : `; ${outcome}`
  if (!isRefusal(error)) return err(texts.fault(logFault(error, session, doing)) + consequence, 'SYS/TEMP')
  if (!isTold(error.code)) return err(texts.refusals.other + consequence, 'SYS/PERM')
  return err(texts.refusals[error.code] + consequence, codes[error.code])
}

function isTold(code: RefusalCode): code is ToldRefusal {
  return Object.hasOwn(codes, code)
}

/** Logs a fault and returns its id. */
export function logFault(error: unknown, session: SessionContext, doing: string): string {
  const fault = createId()
  const { id, peer, user } = session
  session.services.log.error({ fault, session: id, user, peer, doing, err: error }, 'pop3 fault')
  return fault
}
