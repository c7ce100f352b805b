// Sessions as the control socket shows them, which of them are meant, and their end by an operator.
import { networkContains, parseNetwork } from '../mail/network.ts'
import type { ObservedSession, Observers } from '../net/observer.ts'
import type { EndedSession, Selection, SessionView } from './api.ts'

/** How long the end of a session, which may be in UPDATE, is waited for. */
const endMs = 15_000

export function viewOf(session: ObservedSession, nowMs: number = performance.now()): SessionView {
  const { id, protocol, service, peer, user, mechanism, channel } = session
  return {
    id,
    protocol,
    service,
    peer,
    user: user ?? null,
    mechanism: mechanism ?? null,
    tls: channel ? { version: channel.version, cipher: channel.cipher } : null,
    state: session.stateName,
    octetsIn: session.octetsIn,
    octetsOut: session.octetsOut,
    commands: session.commandCount,
    ageMs: Math.round(nowMs - session.startedAtMs),
    idleMs: Math.max(0, Math.round(nowMs - session.activeAtMs)),
  }
}

/** A test that says which sessions a selection means, at the moment it is asked. */
export function selects(selection: Selection): (session: ObservedSession) => boolean {
  if ('session' in selection) return ({ id }) => id === selection.session
  if ('user' in selection) return ({ user }) => user === selection.user
  const network = parseNetwork(selection.from)
  return ({ peer }) => network !== undefined && networkContains(network, peer)
}

/** Ends the sessions, deleting nothing. Resolves when they are gone, or after some time with those that are not. */
export async function endSessions(
  observers: Observers,
  selection: Selection,
  timeoutMs: number = endMs,
): Promise<readonly EndedSession[]> {
  const isMeant = selects(selection)
  const meant = [...observers.sessions].filter(isMeant)
  const views = meant.map(session => viewOf(session))
  const gone = untilEnded(observers, meant, timeoutMs)
  for (const session of meant) session.endByOperator()
  await gone
  return meant.map((session, index) => {
    const view = views[index] ?? viewOf(session)
    if (observers.sessions.has(session)) return { ...view, outcome: 'ending' }
    return { ...view, outcome: view.state === 'update' ? 'finished' : 'ended' }
  })
}

function untilEnded(
  observers: Observers,
  sessions: readonly ObservedSession[],
  timeoutMs: number,
): Promise<void> {
  const left = new Set(sessions)
  return new Promise(resolve => {
    const finish = () => {
      clearTimeout(timer)
      observers.remove(watcher)
      resolve()
    }
    const timer = setTimeout(finish, left.size === 0 ? 0 : timeoutMs)
    const watcher = {
      ended: (session: ObservedSession) => {
        if (left.delete(session) && left.size === 0) finish()
      },
    }
    observers.add(watcher)
  })
}
