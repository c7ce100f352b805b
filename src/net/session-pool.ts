// The sessions of one server and their connections: one coarse timer watches over all, none has a timer of its own; and
// they end together, with time to finish or at once.
import type { Connection, ConnectionHandler } from './connection.ts'

export interface PooledSession extends ConnectionHandler {
  readonly hasEnded: boolean
  /** Called every now and then: ends what has been idle or stuck for too long. */
  sweep(nowMs: number): void
  /** Who is at work may go on, until `terminate`. */
  drain(): void
  /** Ends the session now, deleting nothing; only an update that runs already is waited for. */
  terminate(reason: 'drain' | 'closed'): void
}

const maxSweepMs = 1_000
/** How long a closing connection may take to deliver its last line, once its session is over. */
const lastWordsMs = 1_000

export class SessionPool<S extends PooledSession> {
  readonly #sessions = new Map<S, Connection>()
  readonly #sweepEveryMs: number
  #sweeper: NodeJS.Timeout | undefined
  #onEmpty: (() => void) | undefined

  /** Looks after the sessions often enough for the shortest of these timeouts. */
  constructor(timeoutsMs: readonly number[]) {
    this.#sweepEveryMs = Math.min(maxSweepMs, Math.ceil(Math.min(...timeoutsMs) / 4))
  }

  get size(): number {
    return this.#sessions.size
  }

  add(session: S, connection: Connection): void {
    this.#sweeper ??= setInterval(() => this.#sweep(), this.#sweepEveryMs)
    this.#sessions.set(session, connection)
    connection.handleWith(session)
  }

  /** To be called when nothing of the session is left: no lock, no command, no connection. */
  remove(session: S): void {
    this.#sessions.delete(session)
    if (this.#sessions.size === 0) this.#onEmpty?.()
  }

  /** Resolves when all are gone: those at work have `graceMs` to finish. */
  async drain(graceMs: number): Promise<void> {
    for (const session of this.#sessions.keys()) session.drain()
    await this.#emptied(graceMs)
    await this.#endAll('drain')
  }

  async close(): Promise<void> {
    await this.#endAll('closed')
  }

  #sweep(): void {
    const nowMs = performance.now()
    for (const [session, connection] of this.#sessions) {
      session.sweep(nowMs)
      connection.sweep(nowMs)
    }
  }

  /** Ends every session and resolves when all are gone, connections that linger cut. */
  async #endAll(reason: 'drain' | 'closed'): Promise<void> {
    for (const session of this.#sessions.keys()) session.terminate(reason)
    await this.#emptied(lastWordsMs)
    for (const [session, connection] of this.#sessions) if (session.hasEnded) connection.cut()
    await this.#emptied()
    clearInterval(this.#sweeper)
  }

  /** Resolves when no session is left, or after `timeoutMs`. */
  #emptied(timeoutMs?: number): Promise<void> {
    if (this.#sessions.size === 0) return Promise.resolve()
    return new Promise(resolve => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs)
      this.#onEmpty = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
