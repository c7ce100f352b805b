// HELO, FOLD and QUIT: which mailbox is open, RFC 937. Whoever leaves one, by FOLD or by QUIT, has what ACKD marked deleted, in one
// durable step; whoever goes in another way deletes nothing.
import type { Login } from '../../auth/login.ts'
import { isRefusal } from '../../mail/errors.ts'
import { type SessionView, viewOfLogin } from '../../mail/login-view.ts'
import { SessionMaildrop } from '../../mail/session-maildrop.ts'
import type { CommandOf } from '../wire/command.ts'
import { messageCount, ok } from '../wire/reply.ts'
import { failureText, logFault } from './failure.ts'
import {
  type Answer,
  type AuthState,
  failure,
  type ItemState,
  type MboxState,
  type SessionContext,
} from './state.ts'

/** The mailbox that HELO opens, in any case of its letters. */
const inbox = 'INBOX'
const goodbye: Answer = { text: ok('goodbye'), end: 'quit' }
/** For a session that is no more: nobody reads it. */
const unheard: Answer = { text: '' }

export async function helo(
  session: SessionContext,
  _state: AuthState,
  { name, password }: CommandOf<'HELO'>,
): Promise<Answer> {
  const { services, peer, origin } = session
  if (!services.mayLogIn(peer)) return failure('passwords may not travel in clear here', 'refused')
  try {
    const login = await services.authenticator.authenticate(name, password, origin)
    const view = login && viewOfLogin(login, services.views(), Date.now())
    if (!login || !view) return refuseLogin(session)
    session.user = login.account.name
    return await enter(session, login, view)
  } catch (error) {
    // It was there a moment ago; who asks too late is told what everybody is told.
    if (isRefusal(error, 'no-such-folder')) return refuseLogin(session)
    services.observer?.login?.(session, 'HELO', isRefusal(error) ? error.code : 'fault')
    return refuse(session, error, 'HELO')
  }
}

function refuseLogin(session: SessionContext): Answer {
  session.counts.loginFailures += 1
  session.services.observer?.login?.(session, 'HELO', 'refused')
  return failure('authentication failed', 'login-failed')
}

/** Unless the last login was too short a while ago, RFC 2449 section 6.5. */
async function enter(session: SessionContext, login: Login, view: SessionView): Promise<Answer> {
  const { policy, loginDelays, observer } = session.services
  const { id, settings } = login.account
  const delayMs = policy.loginDelayMs(settings)
  if (delayMs > 0 && loginDelays.waitMs(id) > 0) {
    observer?.login?.(session, 'HELO', 'login-delay')
    return failure('the last login was a short while ago, try again later', 'refused')
  }
  const answer = await open(session, login, view)
  // The delay runs from what somebody was told.
  if (answer === unheard) return answer
  if (delayMs > 0) loginDelays.noteLogin(id, delayMs)
  observer?.login?.(session, 'HELO', 'accepted')
  return answer
}

/** INBOX is what the login sees, whatever that is; another is what POP3 shows whose login name asks for it. */
export async function fold(
  session: SessionContext,
  { login, view, maildrop }: MboxState | ItemState,
  { mailbox }: CommandOf<'FOLD'>,
): Promise<Answer> {
  try {
    if (maildrop) await leave(session, maildrop)
    if (mailbox.toUpperCase() === inbox) return await open(session, login, view)
    const folded = viewOfLogin(login, session.services.views(), Date.now(), mailbox)
    if (folded) return await open(session, login, view, folded)
  } catch (error) {
    if (!isRefusal(error, 'no-such-folder')) return refuse(session, error, 'FOLD')
  }
  session.state = { kind: 'MBOX', login, view, maildrop: undefined, current: 1 }
  return { text: messageCount(0) }
}

export function quitUnauthenticated(): Answer {
  return goodbye
}

export async function quit(session: SessionContext, { maildrop }: MboxState | ItemState): Promise<Answer> {
  try {
    if (maildrop) await leave(session, maildrop)
    return goodbye
  } catch (error) {
    // Only a refusal promises that nothing happened; a fault may have come after the commit.
    const outcome = isRefusal(error) ? 'nothing was deleted' : 'it is not certain what was deleted'
    return failure(`${failureText(error, session, 'QUIT')}; ${outcome}`, 'update-failed')
  }
}

/** Takes the lock and the listing of what is shown now, unless the client has gone meanwhile; `view` is for FOLD INBOX. */
async function open(
  session: SessionContext,
  login: Login,
  view: SessionView,
  { options }: SessionView = view,
): Promise<Answer> {
  if (session.isEnding) return unheard
  const { id: sessionId, peer, protocol, services } = session
  const holder = { sessionId, peer, protocol, appPassword: login.appPassword }
  const opened = await services.maildrops.openMaildrop(login.account, holder, options)
  if (session.isEnding) {
    await release(session, opened)
    return unheard
  }
  const maildrop = new SessionMaildrop(opened)
  session.state = { kind: 'MBOX', login, view, maildrop, current: 1 }
  return { text: messageCount(maildrop.count) }
}

/** Removes what is marked. Whatever comes of it, the lock is given back. */
async function leave(session: SessionContext, maildrop: SessionMaildrop): Promise<void> {
  const { markedCount } = maildrop
  session.state = { kind: 'update' }
  await keepRetrieved(session, maildrop)
  if (markedCount === 0) return release(session, maildrop)
  try {
    await maildrop.update()
    session.counts.deleted += markedCount
  } catch (error) {
    await release(session, maildrop)
    throw error
  }
}

/** That it failed changes nothing for the client: such messages stay longer than they need. */
async function keepRetrieved(session: SessionContext, maildrop: SessionMaildrop): Promise<void> {
  try {
    await maildrop.keepRetrieved()
  } catch (error) {
    logFault(error, session, 'keep what was retrieved')
  }
}

/** Of a session that was lost. */
export async function abandon(session: SessionContext, maildrop: SessionMaildrop): Promise<void> {
  await keepRetrieved(session, maildrop)
  await release(session, maildrop)
}

/** Gives the lock back. That it failed changes nothing for the client: a lock nobody renews ends by itself. */
async function release(session: SessionContext, maildrop: { release(): Promise<void> }): Promise<void> {
  try {
    await maildrop.release()
  } catch (error) {
    logFault(error, session, 'release')
  }
}

function refuse(session: SessionContext, error: unknown, doing: string): Answer {
  if (isRefusal(error)) {
    const { services, id, peer, user } = session
    services.log.warn({ session: id, peer, user, refusal: error.code }, 'pop2 login refused')
  }
  return failure(failureText(error, session, doing), 'refused')
}
