// QUIT in TRANSACTION: the UPDATE state, RFC 1939 section 6. +OK is said only when the removal is durable; otherwise the
// reply tells what remains.
import { isRefusal } from '../../mail/errors.ts'
import type { SessionMaildrop } from '../../mail/session-maildrop.ts'
import { failureReply, logFault } from './failure.ts'
import type { Answer, SessionContext, TransactionState } from './state.ts'

export async function quit(
  session: SessionContext,
  { maildrop, afterRetrieval }: TransactionState,
): Promise<Answer> {
  session.state = { kind: 'update' }
  // EXPIRE 0, RFC 2449 section 6.7: what was retrieved counts as deleted.
  const retrieved = afterRetrieval === 'delete' ? maildrop.retrievedIndexes : []
  const leaving = maildrop.markedCount + retrieved.length
  if (afterRetrieval === 'note') await keepRetrieved(session, maildrop)
  const { texts, ok } = session.language
  try {
    if (leaving === 0) await release(session, maildrop)
    else await maildrop.update(retrieved)
  } catch (error) {
    // Only a refusal promises that nothing happened; a fault may have come after the commit.
    const outcome = isRefusal(error) ? texts.nothingRemoved(maildrop.listing.count) : texts.removalUncertain
    const text = failureReply(error, session, 'QUIT', outcome)
    await release(session, maildrop)
    return { text, end: 'update-failed' }
  }
  session.counts.deleted = leaving
  return { text: ok(texts.signingOff(maildrop.count - retrieved.length)), end: 'quit' }
}

/** That it failed changes nothing for the client: such messages stay longer than they need. */
export async function keepRetrieved(session: SessionContext, maildrop: SessionMaildrop): Promise<void> {
  try {
    await maildrop.keepRetrieved()
  } catch (error) {
    logFault(error, session, 'keep what was retrieved')
  }
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
