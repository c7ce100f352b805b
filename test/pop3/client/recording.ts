// The server's side of whole sessions, octet by octet, played over a stream in memory: as it was, cut anywhere, with any octet
// changed, or ended early.
import { Duplex } from 'node:stream'
import { connect, password, ServerMemory } from '../../../src/pop3/client/index.ts'

/** What the server says to each command; '' is the greeting. In latin1. */
export type Recording = ReadonlyMap<string, string>

export interface Played {
  /** Of each message that was given as whole. */
  readonly messages: readonly string[]
  /** In the form `number octets uidl`. */
  readonly listing: readonly string[]
  /** `committed`, `unknown`, or the error as it was thrown. */
  readonly end: unknown
}

export interface Playing {
  /** Makes pieces of what the server says; each comes at a time of its own. `at` is where the octets begin in the session. */
  readonly cut?: (octets: Buffer, at: number) => readonly Buffer[]
  /** Changes it, at that place, before. */
  readonly change?: (octets: Buffer, at: number) => Buffer
  /** The connection ends behind so many octets. */
  readonly endsAt?: number
  readonly patienceMs: number
}

/** All messages, then DELE of all, then QUIT. */
export async function play(recording: Recording, playing: Playing): Promise<Played> {
  const messages: string[] = []
  const listing: string[] = []
  const { patienceMs } = playing
  try {
    const session = await connect({
      host: 'recorded.example',
      tls: 'none',
      allowCleartextAuth: true,
      auth: password('ann', 'sesame'),
      transport: () => new RecordedServer(recording, playing),
      timeouts: { greeting: patienceMs, command: patienceMs, stall: patienceMs },
      limits: { line: 100_000, message: 1_000_000 },
      memory: new ServerMemory(),
    })
    const refs = await session.listing()
    for (const { number, octets, uidl } of refs) listing.push(`${number} ${octets} ${uidl}`)
    for await (const { body, error } of session.retrieve(refs)) {
      if (error) throw error
      messages.push(Buffer.from(await body.bytes()).toString('latin1'))
    }
    for (const ref of refs) session.markDeleted(ref)
    const { state, deleted } = await session.commit()
    return { messages, listing, end: `${state} ${deleted}` }
  } catch (error) {
    return { messages, listing, end: error }
  }
}

class RecordedServer extends Duplex {
  readonly #recording: Recording
  readonly #playing: Playing
  readonly #pieces: Buffer[] = []
  #line = ''
  /** Octets of the server so far. */
  #at = 0
  #isSending = false

  constructor(recording: Recording, playing: Playing) {
    super({ allowHalfOpen: true })
    this.#recording = recording
    this.#playing = playing
    this.#say('')
  }

  override _read(): void {
    // What there is was pushed.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const lines = (this.#line + chunk.toString('latin1')).split('\r\n')
    this.#line = lines.pop() ?? ''
    for (const line of lines) this.#say(line)
    done()
  }

  #say(line: string): void {
    const { cut = octets => [octets], change = octets => octets } = this.#playing
    const said = Buffer.from(this.#recording.get(line) ?? '-ERR unknown command\r\n', 'latin1')
    this.#pieces.push(...cut(change(said, this.#at), this.#at))
    this.#at += said.length
    if (!this.#isSending) void this.#send()
  }

  async #send(): Promise<void> {
    this.#isSending = true
    let left = this.#playing.endsAt ?? Number.POSITIVE_INFINITY
    for (let piece = this.#pieces.shift(); piece; piece = this.#pieces.shift()) {
      await new Promise(resolve => setImmediate(resolve))
      if (this.destroyed) return
      if (this.#playing.endsAt !== undefined) left = this.#playing.endsAt - this.#sent
      this.#sent += piece.length
      if (left > 0) this.push(piece.subarray(0, left))
      if (piece.length >= left) {
        this.push(null)
        return
      }
    }
    this.#isSending = false
  }

  #sent = 0
}
