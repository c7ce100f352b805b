// READ, RETR and the three acknowledgements, RFC 937: one message is current; its octets are told, sent and acknowledged, and
// the next one is.
import type { CommandOf } from '../wire/command.ts'
import { characterCount } from '../wire/reply.ts'
import { failureText } from './failure.ts'
import {
  type Answer,
  failure,
  type ItemState,
  type MboxState,
  type NextState,
  type ReadingState,
  type SessionContext,
} from './state.ts'

const noMessage = failure('there is no such message', 'bad-command')
const mayOnlyRead = failure('this login may read, not delete', 'refused')

export function read(
  session: SessionContext,
  state: MboxState | ItemState,
  { message }: CommandOf<'READ'>,
): Answer {
  return tell(session, state, message ?? state.current)
}

/** Exactly the octets that were told: nothing is stuffed, and nothing ends them. */
export async function retr(session: SessionContext, state: ItemState): Promise<Answer> {
  const index = indexOf(state, state.current)
  if (index === undefined || !state.maildrop) return noMessage
  try {
    const message = await state.maildrop.read(index)
    if (session.state.kind === 'ITEM') session.state = { ...state, kind: 'NEXT' }
    return { text: '', message }
  } catch (error) {
    return failure(failureText(error, session, 'RETR'), 'refused')
  }
}

/** Received, to be kept: the session deletes nothing of it, retention may when its time has come. */
export function acks(session: SessionContext, state: NextState): Answer {
  const { login, maildrop, current } = state
  const matters = session.services.policy.afterRetrieval(login.account.settings) !== 'nothing'
  if (matters && !mayNotDelete(state)) maildrop?.noteRetrieved(current - 1)
  return tell(session, state, state.current + 1)
}

/** Received, to be deleted when the mailbox is left. */
export function ackd(session: SessionContext, state: NextState): Answer {
  if (mayNotDelete(state)) return mayOnlyRead
  state.maildrop?.mark(state.current - 1)
  return tell(session, state, state.current + 1)
}

/** Not received: the same once more. */
export function nack(session: SessionContext, state: NextState): Answer {
  return tell(session, state, state.current)
}

/** Makes a message the current one. `=0` says that there is none, or that it is deleted. */
function tell(session: SessionContext, state: ReadingState, current: number): Answer {
  const { login, view, maildrop } = state
  session.state = { kind: 'ITEM', login, view, maildrop, current }
  const index = indexOf(state, current)
  return { text: characterCount(index === undefined ? 0 : (maildrop?.listing.octets[index] ?? 0)) }
}

function mayNotDelete({ login, view }: ReadingState): boolean {
  return login.readOnly || view.readOnly
}

function indexOf({ maildrop }: ReadingState, number: number): number | undefined {
  const found = maildrop?.find(number)
  return found && 'index' in found ? found.index : undefined
}
