// AUTH, RFC 5034: challenges and responses in base64, one line each, around an exchange of ../../auth/sasl.ts. Whatever
// goes wrong in it, the client is told the same.
import type { SaslStep } from '../../auth/sasl.ts'
import { type CommandOf, parseSaslResponse, type SaslResponse } from '../wire/command.ts'
import { challenge, multiLine } from '../wire/reply.ts'
import { clearTextRefusal, enter, failLogin, refuseLogin } from './login.ts'
import type { Answer, AuthenticatingState, AuthorizationState, SessionContext } from './state.ts'

/** A login that is not taken up for so many milliseconds is none: its password may have been changed. */
const maxGrantMs = 30_000

export function auth(
  session: SessionContext,
  _state: AuthorizationState,
  { mechanism, initial }: CommandOf<'AUTH'>,
): Answer | Promise<Answer> {
  const refusal = clearTextRefusal(session)
  if (refusal) return refusal
  const { sasl } = session.services.authenticator
  // Not in RFC 5034, but old clients ask so. RFC 1734 has no list either; the form is that of CAPA.
  if (mechanism === undefined) {
    const mechanisms = sasl?.mechanisms(session.channel) ?? []
    if (mechanisms.length === 0) return session.language.answers.noAuth
    return { text: Buffer.from(multiLine(session.language.texts.mechanismsFollow, mechanisms)) }
  }
  const exchange = sasl?.begin(mechanism, session.origin)
  if (!exchange) return session.language.answers.noSuchMechanism
  session.state = { kind: 'authorization', user: undefined }
  return proceed(session, { kind: 'authenticating', mechanism: mechanism.toUpperCase(), exchange }, initial)
}

/** A line while AUTH goes on. */
export function respond(
  session: SessionContext,
  state: AuthenticatingState,
  line: Uint8Array | undefined,
): Answer | Promise<Answer> {
  session.state = { kind: 'authorization', user: undefined }
  return proceed(session, state, line === undefined ? 'malformed' : parseSaslResponse(line))
}

/** One step. The session is in AUTHORIZATION meanwhile, and is there still when the step fails. */
async function proceed(
  session: SessionContext,
  state: AuthenticatingState,
  response: SaslResponse | undefined,
): Promise<Answer> {
  const { granted, exchange, mechanism } = state
  if (response === 'cancel' || response === 'malformed') {
    exchange.abandon?.()
    return refuseLogin(session, mechanism)
  }
  try {
    if (granted) {
      const isTaken = response?.length === 0 && performance.now() - granted.atMs <= maxGrantMs
      return isTaken ? await enter(session, granted.login, mechanism) : refuseLogin(session, mechanism)
    }
    return await act(session, state, await exchange.next(response))
  } catch (error) {
    return failLogin(session, error, mechanism)
  }
}

function act(session: SessionContext, state: AuthenticatingState, step: SaslStep): Answer | Promise<Answer> {
  if (step.kind === 'failure') return refuseLogin(session, state.mechanism)
  if (step.kind === 'challenge') return ask(session, state, step.octets)
  // +OK has no room for a mechanism's last words: they are one more challenge. RFC 5034 section 4.
  if (step.octets) {
    const granted = { login: step.login, atMs: performance.now() }
    return ask(session, { ...state, granted }, step.octets)
  }
  return enter(session, step.login, state.mechanism)
}

function ask(session: SessionContext, state: AuthenticatingState, octets: Uint8Array): Answer {
  if (session.state.kind === 'ended') state.exchange.abandon?.()
  else session.state = state
  return { text: challenge(octets) }
}
