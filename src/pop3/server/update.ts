// QUIT in TRANSACTION: the UPDATE state, RFC 1939 section 6. +OK is said only when the removal is durable; otherwise the
// reply tells what remains.
import { isRefusal } from '../../mail/errors.ts'
import { failureReply, logFault } from './failure.ts'
import type { Answer, SessionContext, TransactionState } from './state.ts'

export async function quit(session: SessionContext, { maildrop }: TransactionState): Promise<Answer> {
  session.state = { kind: 'update' }
  const { markedCount } = maildrop
  const { texts, ok } = session.language
  try {
    if (markedCount === 0) await release(session, maildrop)
    else await maildrop.update()
  } catch (error) {
    // Only a refusal promises that nothing happened; a fault may have come after the commit.
    const outcome = isRefusal(error) ? texts.nothingRemoved(maildrop.listing.count) : texts.removalUncertain
    const text = failureReply(error, session, 'QUIT', outcome)
    await release(session, maildrop)
    return { text, end: 'update-failed' }
  }
  session.counts.deleted = markedCount
  return { text: ok(texts.signingOff(maildrop.count)), end: 'quit' }
}

/** Gives the lock back. That it failed changes nothing for the client: a lock nobody renews ends by itself. */
export async function release(
  session: SessionContext,
  maildrop: { release(): Promise<void> },
): Promise<void> {
  try {
    await maildrop.release()
  } catch (error) {
    logFault(error, session, 'release')
  }
}
