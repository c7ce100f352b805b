// A transcript played to a program under test: what the server said is said again, as soon as the client has said what it said
// then. Where the client departs from it, the error tells the line, what should have come, and what came.
import type { Connection, ConnectionHandler } from '../../net/connection.ts'
import { listen } from '../../net/listener.ts'
import { type OfficeCertificate, officeCertificate } from '../certificate.ts'
import { Incoming } from '../chaos/incoming.ts'
import { shownCommand } from './masks.ts'
import { type Piece, parseTranscript, type TranscriptEntry } from './transcript.ts'

export interface ReplayOptions {
  /** The last connection of the transcript is played to all that come after it. Default: they are departures. */
  readonly repeat?: boolean
}

/** The client did not do what it had done then. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError'
  /** Of the transcript, counted from 1; undefined for a connection that is not in it. */
  readonly line: number | undefined

  constructor(line: number | undefined, text: string) {
    super(line === undefined ? text : `line ${line} of the transcript: ${text}`)
    this.line = line
  }
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
const handshakeTimeoutMs = 10_000
const maxConnections = 1_000
const hiddenCount = /^hidden (\d{1,7})$/

/** Throws an Error that names the line for what cannot be played. */
export async function replay(
  transcript: string,
  { repeat = false }: ReplayOptions = {},
): Promise<ReplayServer> {
  const sessions = parseTranscript(transcript)
  for (const entry of sessions.flat()) checkPlayable(entry)
  const certificate = officeCertificate('localhost', host)
  const stage = new Stage(sessions, repeat, certificate)
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

function checkPlayable(entry: TranscriptEntry): void {
  if (entry.kind !== 'line' || entry.from !== 'server') return
  const unknown = entry.pieces.find(piece => 'hidden' in piece && !hiddenCount.test(piece.hidden))
  if (unknown && 'hidden' in unknown)
    throw new Error(
      `line ${entry.line} of the transcript: what the server said is not told ({${unknown.hidden}}), and cannot be said again: record a login that is not bound to its challenge`,
    )
}

/** All connections of a transcript. */
class Stage {
  readonly departures: ReplayError[] = []
  readonly #sessions: readonly (readonly TranscriptEntry[])[]
  readonly #repeats: boolean
  readonly #certificate: OfficeCertificate
  readonly #running = new Map<Connection, Promise<void>>()
  #begun = 0
  #ended = 0
  #waiting: (() => void)[] = []

  constructor(
    sessions: readonly (readonly TranscriptEntry[])[],
    repeats: boolean,
    certificate: OfficeCertificate,
  ) {
    this.#sessions = sessions
    this.#repeats = repeats
    this.#certificate = certificate
  }

  play(connection: Connection): void {
    const entries = this.#sessions[this.#begun] ?? (this.#repeats ? this.#sessions.at(-1) : undefined)
    this.#begun += 1
    const player = new Player(connection, entries ?? [], this.#certificate)
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

class Player implements ConnectionHandler {
  readonly #connection: Connection
  readonly #entries: readonly TranscriptEntry[]
  readonly #certificate: OfficeCertificate
  readonly #incoming: Incoming
  #isSmtp = false

  constructor(connection: Connection, entries: readonly TranscriptEntry[], certificate: OfficeCertificate) {
    this.#connection = connection
    this.#entries = entries
    this.#certificate = certificate
    this.#incoming = new Incoming({ pause: () => connection.pause(), resume: () => connection.resume() })
    connection.handleWith(this)
  }

  /** Rejects with a `ReplayError` where the client departs. */
  async run(): Promise<void> {
    for (const entry of this.#entries) if ((await this.#do(entry)) === 'over') break
    this.#connection.end()
    const line = await this.#incoming.line()
    if (line.length > 0)
      return this.depart(this.#entries.at(-1)?.line, `nothing more should come, and the client ${sent(line)}`)
  }

  /** Tells the client, and rejects. */
  async depart(line: number | undefined, text: string): Promise<void> {
    const error = new ReplayError(line, text)
    const told = error.message.replace(/[^\x20-\x7e]/g, '?').slice(0, 400)
    this.#connection.sendText(`${this.#isSmtp ? '421' : '-ERR'} replay: ${told}\r\n`)
    this.#connection.end()
    throw error
  }

  received(chunk: Uint8Array): void {
    this.#incoming.push(chunk)
  }

  inputEnded(): void {
    this.#incoming.end()
  }

  closed(): void {
    this.#incoming.end()
  }

  async #do(entry: TranscriptEntry): Promise<'over' | undefined> {
    if (entry.kind === 'message') return this.#hearMessage()
    if (entry.kind === 'line')
      return entry.from === 'server' ? this.#say(entry.pieces) : this.#hear(entry.pieces, entry.line)
    if (entry.note === 'the server closed') return 'over'
    if (entry.note === 'TLS') {
      const { contexts } = this.#certificate
      await this.#connection.startTls({ contexts, alpn: 'pop3', handshakeTimeoutMs })
      this.#connection.resume()
      return undefined
    }
    const line = await this.#incoming.line()
    if (line.length > 0) await this.depart(entry.line, `the client should close, and ${sent(line)}`)
    return 'over'
  }

  async #say(pieces: readonly Piece[]): Promise<undefined> {
    const text = pieces.map(saidOf).join('')
    if (text.startsWith('220')) this.#isSmtp = true
    this.#connection.sendOctets(Buffer.from(text, 'latin1'))
    this.#connection.flush()
    await this.#connection.drained()
  }

  async #hear(pieces: readonly Piece[], line: number): Promise<undefined> {
    const came = await this.#incoming.line()
    const text = came.toString('latin1')
    if (patternOf(pieces).test(text)) return
    const expected = pieces.map(piece => ('text' in piece ? piece.text : `{${piece.hidden}}`)).join('')
    const how = came.length === 0 ? 'closed the connection' : sent(came)
    await this.depart(line, `\`${shownCommand(expected)}\` should come, and the client ${how}`)
  }

  async #hearMessage(): Promise<undefined> {
    for await (const piece of this.#incoming.mailData()) if (piece.length === 0) return
  }
}

function sent(line: Uint8Array): string {
  return `sent \`${shownCommand(Buffer.from(line).toString('latin1'))}\``
}

function saidOf(piece: Piece): string {
  if ('text' in piece) return piece.text
  return 'x'.repeat(Number(hiddenCount.exec(piece.hidden)?.[1] ?? 0))
}

function patternOf(pieces: readonly Piece[]): RegExp {
  const parts = pieces.map(piece =>
    'text' in piece ? piece.text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&') : '[^\\r\\n]*',
  )
  return new RegExp(`^${parts.join('')}$`)
}
