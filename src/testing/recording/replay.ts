// A transcript played to a program under test: what the server said is said again, as soon as the client has said what it said
// then. Where the client departs from it, the error tells the line, what should have come, and what came.
import type { Connection } from '../../net/connection.ts'
import { listen } from '../../net/listener.ts'
import { officeCertificate } from '../certificate.ts'
import { checkPlayable, Player, ReplayError, type Staging } from './player.ts'
import { parseTranscript, type TranscriptEntry } from './transcript.ts'

export interface ReplayOptions {
  /** The last connection of the transcript is played to all that come after it. Default: they are departures. */
  readonly repeat?: boolean
  /**
   * What the program logs in with: needed where a login is bound to its challenge (SCRAM), for there the server proves that it
   * knows the password. All other logins are played to whatever secret.
   */
  readonly password?: string
}

export interface ReplayServer extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** PEM: for clients that have TLS with it. */
  readonly certificate: string
  /** In the order in which they were seen. */
  readonly departures: readonly ReplayError[]
  /** Resolves when all connections of the transcript were played; rejects with the first `ReplayError`. */
  played(): Promise<void>
  /** Cuts all connections. */
  close(): Promise<void>
}

const host = '127.0.0.1'
const maxConnections = 1_000

/** Throws an Error that names the line for what cannot be played. */
export async function replay(
  transcript: string,
  { repeat = false, password }: ReplayOptions = {},
): Promise<ReplayServer> {
  const sessions = parseTranscript(transcript)
  for (const session of sessions) checkPlayable(session, password !== undefined)
  const certificate = officeCertificate('localhost', host)
  const stage = new Stage(sessions, { repeat, password, certificate })
  const listener = await listen({
    addresses: [{ host, port: 0 }],
    limits: { total: maxConnections, perAddress: maxConnections, countLoopback: true },
    refusal: '',
    onConnection: connection => stage.play(connection),
  })
  const close = async () => {
    listener.close()
    await stage.close()
  }
  return {
    host,
    port: listener.addresses[0]?.port ?? 0,
    certificate: certificate.text,
    departures: stage.departures,
    played: () => stage.played(),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** All connections of a transcript. */
class Stage {
  readonly departures: ReplayError[] = []
  readonly #sessions: readonly (readonly TranscriptEntry[])[]
  readonly #staging: Staging
  readonly #running = new Map<Connection, Promise<void>>()
  #begun = 0
  #ended = 0
  #waiting: (() => void)[] = []

  constructor(sessions: readonly (readonly TranscriptEntry[])[], staging: Staging) {
    this.#sessions = sessions
    this.#staging = staging
  }

  play(connection: Connection): void {
    const entries = this.#sessions[this.#begun] ?? (this.#staging.repeat ? this.#sessions.at(-1) : undefined)
    this.#begun += 1
    const player = new Player(connection, entries ?? [], this.#staging)
    const work = (entries ? player.run() : player.depart(undefined, this.#tooMany()))
      .catch((error: unknown) => {
        this.departures.push(error instanceof ReplayError ? error : new ReplayError(undefined, String(error)))
      })
      .finally(() => {
        this.#ended += 1
        this.#running.delete(connection)
        const waiting = this.#waiting
        this.#waiting = []
        for (const wake of waiting) wake()
      })
    this.#running.set(connection, work)
  }

  async played(): Promise<void> {
    for (;;) {
      const [first] = this.departures
      if (first) throw first
      if (this.#ended >= this.#sessions.length) return
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
  }

  async close(): Promise<void> {
    for (const connection of this.#running.keys()) connection.cut()
    await Promise.all(this.#running.values())
  }

  #tooMany(): string {
    return `connection ${this.#begun} came, and the transcript has ${this.#sessions.length}`
  }
}
