// One connection of a transcript, played to a client: each line of the server's as soon as the client has said what it said
// before it. A login that is bound to its challenge is played with challenges of its own.
import type { Connection, ConnectionHandler } from '../../net/connection.ts'
import type { OfficeCertificate } from '../certificate.ts'
import { Incoming } from '../chaos/incoming.ts'
import { shownCommand } from './masks.ts'
import { ScramDeparture, ScramLogin, scramHashOf } from './scram-login.ts'
import { challengePiece, type Piece, type TranscriptEntry } from './transcript.ts'

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

/** What all connections of a replay share. */
export interface Staging {
  readonly repeat: boolean
  readonly password: string | undefined
  readonly certificate: OfficeCertificate
}

const handshakeTimeoutMs = 10_000
const hiddenCount = /^hidden (\d{1,7})$/
const beginsLogin = /^AUTH (\S+)(?: (\S+))?\r?\n?$/i
const isChallenge = /^(\+ |334[ -])/

/** Throws an Error that names the line of the first that cannot be said again. */
export function checkPlayable(entries: readonly TranscriptEntry[], hasPassword: boolean): void {
  let mechanism = ''
  for (const entry of entries) {
    if (entry.kind !== 'line') continue
    if (entry.from === 'client') mechanism = beginsLogin.exec(shownOf(entry.pieces))?.[1] ?? mechanism
    else for (const piece of entry.pieces) checkSayable(piece, entry.line, { mechanism, hasPassword })
  }
}

function checkSayable(
  piece: Piece,
  line: number,
  { mechanism, hasPassword }: { readonly mechanism: string; readonly hasPassword: boolean },
): void {
  if ('text' in piece || hiddenCount.test(piece.hidden)) return
  const isOfLogin = piece.hidden === challengePiece && scramHashOf(mechanism) !== undefined
  if (isOfLogin && hasPassword) return
  const why = isOfLogin
    ? `the login is bound to this challenge (${mechanism}), which has to be made anew: give \`password\`, with which the program logs in`
    : `what the server said is not told ({${piece.hidden}}), and cannot be said again`
  throw new Error(`line ${line} of the transcript: ${why}`)
}

export class Player implements ConnectionHandler {
  readonly #connection: Connection
  readonly #entries: readonly TranscriptEntry[]
  readonly #staging: Staging
  readonly #incoming: Incoming
  #isSmtp = false
  /** One whose challenges are made anew. */
  #login: ScramLogin | undefined

  constructor(connection: Connection, entries: readonly TranscriptEntry[], staging: Staging) {
    this.#connection = connection
    this.#entries = entries
    this.#staging = staging
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
  async depart(line: number | undefined, text: string): Promise<never> {
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
      return entry.from === 'server'
        ? this.#say(entry.pieces, entry.line)
        : this.#hear(entry.pieces, entry.line)
    if (entry.note === 'the server closed') return 'over'
    if (entry.note === 'TLS') {
      const { contexts } = this.#staging.certificate
      await this.#connection.startTls({ contexts, alpn: 'pop3', handshakeTimeoutMs })
      this.#connection.resume()
      return undefined
    }
    const line = await this.#incoming.line()
    if (line.length > 0) await this.depart(entry.line, `the client should close, and ${sent(line)}`)
    return 'over'
  }

  async #say(pieces: readonly Piece[], line: number): Promise<undefined> {
    let text = ''
    for (const piece of pieces) text += await this.#saidOf(piece, line)
    if (text.startsWith('220')) this.#isSmtp = true
    if (!isChallenge.test(text)) this.#login = undefined
    this.#connection.sendOctets(Buffer.from(text, 'latin1'))
    this.#connection.flush()
    await this.#connection.drained()
  }

  async #saidOf(piece: Piece, line: number): Promise<string> {
    if ('text' in piece) return piece.text
    if (piece.hidden !== challengePiece) return 'x'.repeat(Number(hiddenCount.exec(piece.hidden)?.[1] ?? 0))
    try {
      return (await this.#login?.challenge()) ?? ''
    } catch (error) {
      if (!(error instanceof ScramDeparture)) throw error
      return this.depart(line, `the client ${error.message}`)
    }
  }

  async #hear(pieces: readonly Piece[], line: number): Promise<undefined> {
    const came = await this.#incoming.line()
    const text = came.toString('latin1')
    if (!patternOf(pieces).test(text)) {
      const how = came.length === 0 ? 'closed the connection' : sent(came)
      return this.depart(line, `\`${shownCommand(shownOf(pieces))}\` should come, and the client ${how}`)
    }
    this.#followLogin(text)
  }

  #followLogin(text: string): void {
    if (this.#login) return this.#login.hear(text.trim())
    const [, mechanism = '', initial] = beginsLogin.exec(text) ?? []
    const hash = scramHashOf(mechanism)
    const { password } = this.#staging
    if (hash === undefined || password === undefined) return
    this.#login = new ScramLogin(hash, password)
    if (initial !== undefined) this.#login.hear(initial)
  }

  async #hearMessage(): Promise<undefined> {
    for await (const piece of this.#incoming.mailData()) if (piece.length === 0) return
  }
}

function sent(line: Uint8Array): string {
  return `sent \`${shownCommand(Buffer.from(line).toString('latin1'))}\``
}

function shownOf(pieces: readonly Piece[]): string {
  return pieces.map(piece => ('text' in piece ? piece.text : `{${piece.hidden}}`)).join('')
}

function patternOf(pieces: readonly Piece[]): RegExp {
  const parts = pieces.map(piece =>
    'text' in piece ? piece.text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&') : '[^\\r\\n]*',
  )
  return new RegExp(`^${parts.join('')}$`)
}
