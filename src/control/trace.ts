// One trace: the sessions that a selection means, those that are there and those that come, followed line by line.
import type { ObservedSession, Observer, Observers, TracedLine, Tracer } from '../net/observer.ts'
import type { Selection } from './api.ts'
import { selects } from './session-views.ts'
import type { TraceHub } from './trace-hub.ts'
import { type Entry, entryOf, type NameOf, TraceQueue, type WriteEvent } from './trace-queue.ts'

export interface TraceParts {
  readonly observers: Observers
  readonly hub: TraceHub
  readonly nameOf: NameOf
  readonly write: WriteEvent
  /** The one session that was followed has ended. */
  readonly onEnd: () => void
}

/** Lines that are kept of a session of which it is not known yet whose it is. */
const maxKept = 20

export class Trace implements Observer, Tracer {
  readonly #parts: TraceParts
  readonly #queue: TraceQueue
  readonly #selection: Selection
  readonly #isMeant: (session: ObservedSession) => boolean
  readonly #followed = new Set<ObservedSession>()
  /** Sessions that may become the user's, with their latest lines. */
  readonly #candidates = new Map<ObservedSession, Entry[]>()

  constructor(selection: Selection, parts: TraceParts) {
    this.#parts = parts
    this.#selection = selection
    this.#queue = new TraceQueue(parts.write, parts.nameOf)
    this.#isMeant = selects(selection)
    for (const session of parts.observers.sessions) this.#consider(session, 'met')
    parts.observers.add(this)
  }

  readonly opened = (session: ObservedSession): void => this.#consider(session, 'new')

  readonly ended = (session: ObservedSession): void => {
    this.#candidates.delete(session)
    const wasFollowed = this.#followed.delete(session)
    this.#parts.hub.unfollow(session, this)
    if (wasFollowed && 'session' in this.#selection) void this.#queue.finish().then(this.#parts.onEnd)
  }

  trace(session: ObservedSession, line: TracedLine): void {
    const entry = entryOf(session, line)
    const kept = this.#candidates.get(session)
    if (!kept) return this.#queue.push(entry)
    if (kept.length >= maxKept) kept.shift()
    kept.push(entry)
    if (this.#isMeant(session)) this.#follow(session)
    else if (session.user !== undefined) this.#drop(session)
    else if (line.claim !== undefined) void this.#lookAt(session, line.claim)
  }

  close(): void {
    this.#parts.observers.remove(this)
    for (const session of [...this.#followed, ...this.#candidates.keys()]) {
      this.#parts.hub.unfollow(session, this)
    }
    this.#queue.close()
  }

  #consider(session: ObservedSession, how: 'met' | 'new'): void {
    const isMeant = this.#isMeant(session)
    // Whoever is to be the user's may log in later; in SMTP nobody does.
    const mayBecome = 'user' in this.#selection && session.user === undefined && canLogIn(session)
    if (!isMeant && !mayBecome) return
    const about = `${how === 'new' ? 'begins' : `is in ${session.stateName}`}: ${session.service} from ${session.peer}`
    const note = entryOf(session, { from: 'note', text: about })
    if (isMeant) {
      this.#followed.add(session)
      this.#queue.push(note)
    } else this.#candidates.set(session, [note])
    this.#parts.hub.follow(session, this)
  }

  #follow(session: ObservedSession): void {
    const kept = this.#candidates.get(session) ?? []
    this.#candidates.delete(session)
    this.#followed.add(session)
    for (const entry of kept) this.#queue.push(entry)
  }

  #drop(session: ObservedSession): void {
    this.#candidates.delete(session)
    this.#parts.hub.unfollow(session, this)
  }

  /** A name was claimed. Most are not worth looking up: all that mean the account have its name somewhere in them. */
  async #lookAt(session: ObservedSession, claim: string): Promise<void> {
    if (!('user' in this.#selection)) return
    const { user } = this.#selection
    const [local = user] = user.split('@', 1)
    if (!claim.normalize('NFKC').toLowerCase().includes(local)) return
    const name = await this.#parts.nameOf(claim).catch(() => undefined)
    if (name === user && this.#candidates.has(session)) this.#follow(session)
  }
}

function canLogIn({ protocol }: ObservedSession): boolean {
  return protocol === 'pop3' || protocol === 'pop2'
}
