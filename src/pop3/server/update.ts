// QUIT in TRANSACTION: the UPDATE state, RFC 1939 section 6. +OK is said only when the removal is durable; otherwise the
// reply tells what remains.
import { counted, ok } from '../wire/reply.ts'
import { failureReply, logFault } from './failure.ts'
import type { Answer, SessionContext, TransactionState } from './state.ts'

export async function quit(session: SessionContext, { maildrop }: TransactionState): Promise<Answer> {
  session.state = { kind: 'update' }
  const { markedCount } = maildrop
  try {
    await maildrop.update()
    session.counts.deleted = markedCount
    const left = maildrop.count === 0 ? 'maildrop empty' : `${counted(maildrop.count, 'message')} left`
    return { text: ok(`signing off (${left})`), end: 'quit' }
  } catch (error) {
    const remaining = counted(maildrop.listing.count, 'message')
    const text = failureReply(error, session, 'QUIT', `nothing was removed, ${remaining} remain`)
    await maildrop.release().catch((failure: unknown) => logFault(failure, session, 'release'))
    return { text, end: 'update-failed' }
  }
}
