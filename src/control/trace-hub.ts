// Who follows which session: a session has room for one tracer, and several may want to look.
import type { ObservedSession, TracedLine, Tracer } from '../net/observer.ts'

export class TraceHub implements Tracer {
  readonly #followers = new Map<ObservedSession, Set<Tracer>>()

  follow(session: ObservedSession, follower: Tracer): void {
    const followers = this.#followers.get(session) ?? new Set()
    followers.add(follower)
    this.#followers.set(session, followers)
    session.tracer = this
  }

  unfollow(session: ObservedSession, follower: Tracer): void {
    const followers = this.#followers.get(session)
    followers?.delete(follower)
    if (followers?.size === 0) this.forget(session)
  }

  /** The session has ended. */
  forget(session: ObservedSession): void {
    session.tracer = undefined
    this.#followers.delete(session)
  }

  trace(session: ObservedSession, line: TracedLine): void {
    for (const follower of this.#followers.get(session) ?? []) follower.trace(session, line)
  }
}
