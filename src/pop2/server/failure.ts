// From what was thrown to POP2's last line: a refusal has its text in the table; anything else is a fault of ours, logged with
// an id that the peer is told, and nothing more.
import { isRefusal, type RefusalCode } from '../../mail/errors.ts'
import { createId } from '../../mail/id.ts'
import type { SessionContext } from './state.ts'

const texts: Partial<Record<RefusalCode, string>> = {
  'maildrop-in-use': 'the maildrop is locked by another session',
  'lease-lost': 'the lock on the maildrop was lost',
  'message-gone': 'the message no longer exists',
  'store-full': 'the mail store is full',
  'store-busy': 'the mail store is busy, try again later',
  'store-closed': 'the mail store is closed',
  'directory-unavailable': 'accounts cannot be looked up now, try again later',
  'no-such-account': 'the maildrop no longer exists',
}

/** A sentence for the peer. */
export function failureText(error: unknown, session: SessionContext, doing: string): string {
  if (isRefusal(error)) return texts[error.code] ?? 'the mail store refused'
  return `internal fault ${logFault(error, session, doing)}`
}

/** Logs a fault and returns its id. */
export function logFault(error: unknown, session: SessionContext, doing: string): string {
  const fault = createId()
  const { id, peer, user } = session
  session.services.log.error({ fault, session: id, user, peer, doing, err: error }, 'pop2 fault')
  return fault
}
