// What servers tell while they work, to whoever looks: metrics, a live view, a tracer. Nobody looks most of the time, and
// then it costs one comparison: every event is a field that is undefined while no observer wants it.

/** A session as it is at this moment. It is read when somebody looks; nothing is kept up for it. */
export interface ObservedSession {
  readonly id: string
  readonly protocol: 'pop3' | 'pop2' | 'smtp' | 'lmtp'
  /** The listener it came in by, as the configuration names it: `pop3`, `pop3s`, `pop3-legacy`. */
  readonly service: string
  readonly peer: string
  /** Of a small fixed set: POP3's `authorization`, `authenticating`, `transaction`, `update`; SMTP's `command`, `mail`, `data`. */
  readonly stateName: string
  /** The account's name once someone has logged in. */
  readonly user: string | undefined
  /** How that was: `PASS`, `APOP`, or a mechanism of AUTH. */
  readonly mechanism: string | undefined
  /** Undefined in clear. */
  readonly channel: ObservedTls | undefined
  /** In clear, without TLS around them. */
  readonly octetsIn: number
  readonly octetsOut: number
  readonly commandCount: number
  /** By `performance.now()`; `activeAtMs` is when the last command came in or was answered. */
  readonly startedAtMs: number
  readonly activeAtMs: number
  /** Takes every line from now on, until another takes its place; undefined takes none. */
  tracer: Tracer | undefined
  /** Ends the session now, deleting nothing; one that is in UPDATE already ends by itself. */
  endByOperator(): void
}

export interface ObservedTls {
  readonly version: string
  readonly cipher: string
}

/** How a login went: `refused` is a wrong name or password; a refusal's code such as `maildrop-in-use`; `fault` is ours. */
export type LoginOutcome = 'accepted' | 'refused' | 'fault' | (string & {})

/** Every event may be left out. An observer must not throw: it is called in the middle of the work. */
export interface Observer {
  readonly opened?: ((session: ObservedSession) => void) | undefined
  /** `reason` as in the session's line in the log, of a small fixed set: `421` stands for the rarer ones of SMTP. */
  readonly ended?: ((session: ObservedSession, reason: string) => void) | undefined
  /** In `stateName` there is another state now. SMTP tells nothing of its own. */
  readonly stateChanged?: ((session: ObservedSession) => void) | undefined
  /**
   * A command was answered whole. `verb` is one of the command table, `other` when the line was none. `result` is `ok`,
   * `continue` (a challenge, SMTP's 3yz), `err`, a response code in lower case such as `sys/temp`, or SMTP's 4yz or 5yz.
   * `durationMs` runs from the line to the last octet of the answer that was handed to the socket.
   */
  readonly command?:
    | ((session: ObservedSession, verb: string, result: string, durationMs: number) => void)
    | undefined
  readonly login?: ((session: ObservedSession, mechanism: string, outcome: LoginOutcome) => void) | undefined
  /** SMTP and LMTP: one reply to a message, in LMTP one for each recipient; `result` is its three digits. */
  readonly delivery?: ((session: ObservedSession, result: string) => void) | undefined
  /** A connection that never became a session: too many, not let in, TLS that came to nothing. */
  readonly turnedAway?: ((service: string, peer: string, reason: string) => void) | undefined
}

type EventName = keyof Observer

/** Takes lines of one session, secrets already left out by the state of the protocol. Must not throw, nor wait. */
export interface Tracer {
  trace(session: ObservedSession, line: TracedLine): void
}

export interface TracedLine {
  /** `note` is told by the session itself: TLS came about, a message of so many octets. */
  readonly from: 'client' | 'server' | 'note'
  readonly text: string
  /**
   * What claims to be an account's name, and stands between `text` and `rest`: it may be a password typed in the wrong
   * place, so it is to be shown only when there is an account of that name.
   */
  readonly claim?: string
  readonly rest?: string
}

const eventNames = [
  'opened',
  'ended',
  'stateChanged',
  'command',
  'login',
  'delivery',
  'turnedAway',
] as const satisfies readonly EventName[]

/** Many observers as one, and the sessions that are open. Observers may come and go while sessions run. */
export class Observers implements Observer {
  opened: Observer['opened']
  ended: Observer['ended']
  stateChanged: Observer['stateChanged'] = undefined
  command: Observer['command'] = undefined
  login: Observer['login'] = undefined
  delivery: Observer['delivery'] = undefined
  turnedAway: Observer['turnedAway'] = undefined
  readonly #sessions = new Set<ObservedSession>()
  readonly #observers = new Set<Observer>()

  constructor() {
    this.add({
      opened: session => this.#sessions.add(session),
      ended: session => this.#sessions.delete(session),
    })
  }

  /** Of all protocols, in the order in which they came. */
  get sessions(): ReadonlySet<ObservedSession> {
    return this.#sessions
  }

  add(observer: Observer): void {
    this.#observers.add(observer)
    for (const name of eventNames) this.#join(name)
  }

  remove(observer: Observer): void {
    this.#observers.delete(observer)
    for (const name of eventNames) this.#join(name)
  }

  /** One listener is called as it is. */
  #join<N extends EventName>(name: N): void {
    type Listener = (...event: unknown[]) => void
    const listeners = [...this.#observers].flatMap(observer => {
      const listener = observer[name] as Listener | undefined
      return listener ? [listener.bind(observer)] : []
    })
    const [only] = listeners
    const all: Listener | undefined =
      listeners.length < 2 ? only : (...event) => listeners.forEach(listener => listener(...event))
    const events: Partial<Record<EventName, Listener | undefined>> = this as never
    events[name] = all
  }
}
