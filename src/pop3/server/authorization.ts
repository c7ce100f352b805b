// The AUTHORIZATION state: USER, PASS, APOP, QUIT. RFC 1939 sections 4 and 7. An unknown name and a wrong password look
// alike.
import type { CommandOf } from '../wire/command.ts'
import { clearTextRefusal, logIn } from './login.ts'
import type { Answer, AuthorizationState, SessionContext } from './state.ts'

export function user(
  session: SessionContext,
  _state: AuthorizationState,
  command: CommandOf<'USER'>,
): Answer {
  const refusal = clearTextRefusal(session)
  if (refusal) return refusal
  session.state = { kind: 'authorization', user: command.name }
  return session.language.answers.sendPass
}

export function pass(
  session: SessionContext,
  state: AuthorizationState,
  command: CommandOf<'PASS'>,
): Answer | Promise<Answer> {
  const refusal = clearTextRefusal(session)
  if (refusal) return refusal
  if (state.user === undefined) return session.language.answers.needsUser
  session.state = { kind: 'authorization', user: undefined }
  const { authenticator } = session.services
  return logIn(session, 'PASS', authenticator.authenticate(state.user, command.password, session.origin))
}

export function apop(
  session: SessionContext,
  _state: AuthorizationState,
  { name, digest }: CommandOf<'APOP'>,
): Answer | Promise<Answer> {
  const refusal = clearTextRefusal(session)
  if (refusal) return refusal
  const { apop: verifier } = session.services.authenticator
  const { timestamp } = session
  if (!verifier || timestamp === undefined) return session.language.answers.noApop
  session.state = { kind: 'authorization', user: undefined }
  return logIn(session, 'APOP', verifier.authenticate(name, timestamp, digest, session.origin))
}

export function quitUnauthenticated({ language }: SessionContext): Answer {
  return language.answers.goodbye
}
