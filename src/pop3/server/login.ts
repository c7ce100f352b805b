// From a verified login to the TRANSACTION state, whatever brought it: the lock is held and the listing loaded before
// +OK is said. RFC 1939 section 4. And which logins a channel allows, RFC 8314 section 3.
import type { Login } from '../../auth/login.ts'
import { shownFolders } from '../../mail/account-policy.ts'
import { isRefusal } from '../../mail/errors.ts'
import { viewOfLogin } from '../../mail/login-view.ts'
import { SessionMaildrop } from '../../mail/session-maildrop.ts'
import { failureReply } from './failure.ts'
import { type Answer, positive, type SessionContext } from './state.ts'
import { release } from './update.ts'

/** For a session that is no more: nobody reads it. */
const unheard = positive('')

/** The one answer to everything that is no login. */
export function refuseLogin(session: SessionContext, mechanism: string): Answer {
  session.services.observer?.login?.(session, mechanism, 'refused')
  return session.language.answers.loginRefused
}

/** The answer to a login that may not travel over this channel; undefined where it may. */
export function clearTextRefusal({ mayLogIn, language }: SessionContext): Answer | undefined {
  return mayLogIn ? undefined : language.answers.needsTls
}

/** Waits for a verdict and acts on it. `mechanism` is how the log calls the way in. */
export async function logIn(
  session: SessionContext,
  mechanism: string,
  verdict: Promise<Login | undefined>,
): Promise<Answer> {
  try {
    const login = await verdict
    if (hasEnded(session)) return unheard
    return login ? await enter(session, login, mechanism) : refuseLogin(session, mechanism)
  } catch (error) {
    return failLogin(session, error, mechanism)
  }
}

/** What was thrown on the way in, as an answer. */
export function failLogin(session: SessionContext, error: unknown, mechanism: string): Answer {
  const { services, id, peer, user } = session
  // It was there a moment ago; who asks too late is told what everybody is told.
  if (isRefusal(error, 'no-such-folder')) return refuseLogin(session, mechanism)
  const refusal = isRefusal(error) ? error.code : undefined
  services.observer?.login?.(session, mechanism, refusal ?? 'fault')
  if (refusal) services.log.warn({ session: id, peer, user, mechanism, refusal }, 'pop3 login refused')
  return { text: failureReply(error, session, mechanism) }
}

/** Opens the maildrop, unless the client has gone while its login was looked into. */
export async function enter(session: SessionContext, login: Login, mechanism: string): Promise<Answer> {
  if (hasEnded(session)) return unheard
  const { account, appPassword } = login
  const { maildrops, log, isForOldDevices, policy, loginDelays, views } = session.services
  session.user = account.name
  session.mechanism = mechanism
  const delayMs = policy.loginDelayMs(account.settings)
  if (delayMs > 0 && loginDelays.waitMs(account.id) > 0) return refuseTooSoon(session, mechanism)
  const { id: sessionId, peer, protocol } = session
  const seen = viewOfLogin(login, views(), Date.now())
  if (!seen) return refuseLogin(session, mechanism)
  const readOnly = login.readOnly || seen.readOnly
  const holder = { sessionId, peer, protocol, appPassword }
  const opened = await maildrops.openMaildrop(account, holder, seen.options)
  // The client may have gone now as well; a lock nobody uses would keep the next session out.
  if (hasEnded(session)) {
    await release(session, opened)
    return unheard
  }
  const maildrop = new SessionMaildrop(opened, session.form)
  const folders = shownFolders(seen.options)
  const afterRetrieval = readOnly ? 'nothing' : policy.afterRetrieval(account.settings, folders)
  session.state = { kind: 'transaction', account, maildrop, readOnly, folders, afterRetrieval }
  if (delayMs > 0) loginDelays.noteLogin(account.id, delayMs)
  session.services.observer?.login?.(session, mechanism, 'accepted')
  if (isForOldDevices) {
    const { user, channel } = session
    log.warn({ session: sessionId, peer, user, tls: channel?.version ?? 'none' }, 'login of an old device')
  }
  const { language } = session
  return { text: language.ok(language.texts.contents(maildrop.count, maildrop.octets)) }
}

/** RFC 2449 section 8.1.1. Said behind the right password alone: nobody else learns who has been here. */
function refuseTooSoon(session: SessionContext, mechanism: string): Answer {
  const { services, id, peer, user, language } = session
  services.observer?.login?.(session, mechanism, 'login-delay')
  services.log.info({ session: id, peer, user, mechanism, refusal: 'login-delay' }, 'pop3 login refused')
  return language.answers.tooSoon
}

function hasEnded(session: SessionContext): boolean {
  return session.state.kind === 'ended'
}
