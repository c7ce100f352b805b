// The AUTHORIZATION state: USER, PASS, QUIT. RFC 1939 sections 4 and 7. An unknown name and a wrong password look
// alike; the lock is held and the listing loaded before PASS says +OK.
import { Refusal, type RefusalCode } from '../../mail/errors.ts'
import type { CommandOf } from '../wire/command.ts'
import { counted, err, ok } from '../wire/reply.ts'
import { failureReply } from './failure.ts'
import { SessionMaildrop } from './maildrop.ts'
import { type Answer, type AuthorizationState, badCommand, positive, type SessionContext } from './state.ts'
import { release } from './update.ts'

const nameTaken = positive('send PASS')
const needsUser = badCommand('send USER first')
const refused: Answer = { text: err('invalid user name or password', 'AUTH'), refused: 'login' }
const goodbye: Answer = { text: ok('goodbye'), end: 'quit' }
/** For a session that is no more: nobody reads it. */
const unheard = positive('')

export function user(
  session: SessionContext,
  _state: AuthorizationState,
  command: CommandOf<'USER'>,
): Answer {
  session.state = { kind: 'authorization', user: command.name }
  return nameTaken
}

export function pass(
  session: SessionContext,
  state: AuthorizationState,
  command: CommandOf<'PASS'>,
): Answer | Promise<Answer> {
  if (state.user === undefined) return needsUser
  session.state = { kind: 'authorization', user: undefined }
  return logIn(session, state.user, command.password)
}

export function quitUnauthenticated(): Answer {
  return goodbye
}

async function logIn(session: SessionContext, name: string, password: Uint8Array): Promise<Answer> {
  const { authenticator, maildrops } = session.services
  try {
    const account = await authenticator.authenticate(name, password)
    if (hasEnded(session)) return unheard
    if (!account) {
      await logFailure(session, name, 'pop3 login failed')
      return refused
    }
    const opened = await maildrops.openMaildrop(account, { sessionId: session.id, peer: session.peer })
    // The client may have gone while we waited; a lock nobody uses would keep the next session out.
    if (hasEnded(session)) {
      await release(session, opened)
      return unheard
    }
    const maildrop = new SessionMaildrop(opened)
    session.state = { kind: 'transaction', account, maildrop }
    session.user = account.name
    return positive(`${counted(maildrop.count, 'message')} (${counted(maildrop.octets, 'octet')})`)
  } catch (error) {
    if (error instanceof Refusal) await logFailure(session, name, 'pop3 login refused', error.code)
    return { text: failureReply(error, session, 'PASS') }
  }
}

/** The claimed name is logged only if it is one of ours: it may be a password in the wrong place. */
async function logFailure(
  { services, id, peer }: SessionContext,
  claimed: string,
  event: string,
  refusal?: RefusalCode,
): Promise<void> {
  const user = await services.authenticator.nameOf(claimed).catch(() => undefined)
  services.log.warn({ session: id, peer, user, refusal }, event)
}

function hasEnded(session: SessionContext): boolean {
  return session.state.kind === 'ended'
}
