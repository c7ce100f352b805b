// What was said in each session, secrets left out by the servers themselves; and how it stands with it. Kept within bounds:
// the latest sessions, and of each the first lines.
import type { ObservedSession, Observer, TracedLine, Tracer } from '../net/observer.ts'

export interface SessionLine {
  /** Milliseconds since the session began. */
  readonly atMs: number
  /** `note` is told by the server itself: a message of so many octets, how it ended. */
  readonly from: 'client' | 'server' | 'note'
  readonly text: string
}

/** One session, as it is when it is looked at. */
export interface TestSession {
  readonly id: string
  readonly protocol: 'pop3' | 'smtp' | 'lmtp'
  /** POP3: `authorization`, `authenticating`, `transaction`, `update`; SMTP and LMTP: `command`, `mail`, `data`; `ended`. */
  readonly state: string
  /** The mailbox that was logged in to. */
  readonly user: string | undefined
  /** `quit` where it ended in good order; undefined while it goes on. */
  readonly endedBy: string | undefined
  readonly lines: readonly SessionLine[]
  /** Lines that came after those that are kept. */
  readonly omitted: number
  /** The transcript: `C: ` and `S: ` lines, notes in brackets. */
  toString(): string
}

const maxSessions = 1_000
const maxLines = 5_000
const noName = '<no name of a mailbox>'
const marks = { client: 'C: ', server: 'S: ' } as const

export class SessionLog implements Observer, Tracer {
  readonly #isName: (claimed: string) => boolean
  readonly #records = new Map<ObservedSession, SessionRecord>()

  /** `isName` says which claimed names are names: another may be a password in the wrong place. */
  constructor(isName: (claimed: string) => boolean) {
    this.#isName = isName
  }

  /** In the order in which they began. */
  get sessions(): readonly TestSession[] {
    return [...this.#records.values()]
  }

  readonly opened = (session: ObservedSession): void => {
    this.#records.set(session, new SessionRecord(session))
    session.tracer = this
    for (const oldest of this.#records.keys()) {
      if (this.#records.size <= maxSessions) break
      oldest.tracer = undefined
      this.#records.delete(oldest)
    }
  }

  readonly ended = (session: ObservedSession, reason: string): void => {
    this.#records.get(session)?.end(reason)
  }

  trace(session: ObservedSession, { from, text, claim, rest = '' }: TracedLine): void {
    const name = claim === undefined ? '' : this.#isName(claim) ? claim : noName
    this.#records.get(session)?.add(from, text + name + rest)
  }
}

class SessionRecord implements TestSession {
  readonly id: string
  readonly protocol: TestSession['protocol']
  readonly lines: SessionLine[] = []
  omitted = 0
  endedBy: string | undefined
  readonly #session: ObservedSession

  constructor(session: ObservedSession) {
    const { id, protocol } = session
    this.#session = session
    this.id = id
    this.protocol = protocol === 'pop2' ? 'pop3' : protocol
  }

  get state(): string {
    return this.endedBy === undefined ? this.#session.stateName : 'ended'
  }

  get user(): string | undefined {
    return this.#session.user
  }

  add(from: SessionLine['from'], text: string): void {
    if (this.lines.length >= maxLines) this.omitted += 1
    else this.lines.push({ atMs: performance.now() - this.#session.startedAtMs, from, text })
  }

  end(reason: string): void {
    this.endedBy = reason
  }

  toString(): string {
    const shown = this.lines.map(({ from, text }) => (from === 'note' ? `[${text}]` : marks[from] + text))
    if (this.omitted > 0) shown.push(`[${this.omitted} more]`)
    return shown.join('\n')
  }
}
