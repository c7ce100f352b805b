// The AUTHORIZATION state: USER, PASS, APOP, QUIT. RFC 1939 sections 4 and 7. An unknown name and a wrong password look
// alike.
import type { CommandOf } from '../wire/command.ts'
import { ok } from '../wire/reply.ts'
import { clearTextRefusal, logIn } from './login.ts'
import { type Answer, type AuthorizationState, badCommand, positive, type SessionContext } from './state.ts'

const nameTaken = positive('send PASS')
const needsUser = badCommand('send USER first')
const noApop = badCommand('APOP is not offered here')
const goodbye: Answer = { text: ok('goodbye'), end: 'quit' }

export function user(
  session: SessionContext,
  _state: AuthorizationState,
  command: CommandOf<'USER'>,
): Answer {
  const refusal = clearTextRefusal(session)
  if (refusal) return refusal
  session.state = { kind: 'authorization', user: command.name }
  return nameTaken
}

export function pass(
  session: SessionContext,
  state: AuthorizationState,
  command: CommandOf<'PASS'>,
): Answer | Promise<Answer> {
  const refusal = clearTextRefusal(session)
  if (refusal) return refusal
  if (state.user === undefined) return needsUser
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
  if (!verifier || timestamp === undefined) return noApop
  session.state = { kind: 'authorization', user: undefined }
  return logIn(session, 'APOP', verifier.authenticate(name, timestamp, digest, session.origin))
}

export function quitUnauthenticated(): Answer {
  return goodbye
}
