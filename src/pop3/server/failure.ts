// From what was thrown to a reply. A refusal has its line in the table (codes: RFC 3206); anything else is a fault of
// ours: logged with an id that the peer is told, and nothing more.

import { isRefusal, type RefusalCode } from '../../mail/errors.ts'
import { createId } from '../../mail/id.ts'
import { err, type ResponseCode } from '../wire/reply.ts'
import type { SessionContext } from './state.ts'

interface RefusalReply {
  readonly code: ResponseCode
  readonly text: string
}

const temporary = (text: string): RefusalReply => ({ code: 'SYS/TEMP', text })
const permanent = (text: string): RefusalReply => ({ code: 'SYS/PERM', text })
const replies: Partial<Record<RefusalCode, RefusalReply>> = {
  'maildrop-in-use': { code: 'IN-USE', text: 'the maildrop is locked by another session' },
  'lease-lost': temporary('the lock on the maildrop was lost'),
  'message-gone': permanent('the message no longer exists'),
  'store-full': temporary('the mail store is full'),
  'store-busy': temporary('the mail store is busy, try again later'),
  'store-closed': temporary('the mail store is closed'),
  'directory-unavailable': temporary('accounts cannot be looked up now, try again later'),
  'no-such-account': permanent('the maildrop no longer exists'),
}
const otherRefusal = permanent('the mail store refused')

/** The reply for what was thrown; `outcome` says what became of the command, where that needs saying. */
export function failureReply(
  error: unknown,
  session: SessionContext,
  doing: string,
  outcome: string = '',
): string {
  const consequence = outcome === '' ? '' : `; ${outcome}`
  if (isRefusal(error)) {
    const { code, text } = replies[error.code] ?? otherRefusal
    return err(text + consequence, code)
  }
  return err(`internal fault ${logFault(error, session, doing)}${consequence}`, 'SYS/TEMP')
}

/** Logs a fault and returns its id. */
export function logFault(error: unknown, session: SessionContext, doing: string): string {
  const fault = createId()
  const { id, peer, user } = session
  session.services.log.error({ fault, session: id, user, peer, doing, err: error }, 'pop3 fault')
  return fault
}
