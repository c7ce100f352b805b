// One connection of a case. It sends octets exactly as they are given, in the packets they are given in, and reads lines and
// no more than it is asked for; every wait is bounded.
import { type DialAddress, type DialedSocket, type DialTls, dial, putTls } from '../net/dialer.ts'
import { Failure, Unable } from './case.ts'
import type { Transcript } from './transcript.ts'

export interface WireOptions extends DialAddress {
  readonly name: string
  readonly tls?: DialTls | undefined
  readonly transcript: Pick<Transcript, 'add' | 'note'>
  /** How long any answer may take, in milliseconds. */
  readonly patienceMs: number
}

/** More than this in one line, or unread, is a flood. */
const maxUnreadOctets = 64 * 1024 * 1024
const lf = 10
const nothing: Buffer = Buffer.alloc(0)

/** Whether `Wire.open` was rejected because nobody listens at that port. */
export function isRefused(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause)
    if ('code' in each && each.code === 'ECONNREFUSED') return true
  return false
}

export class Wire {
  readonly #options: WireOptions
  #socket: DialedSocket
  #unread = nothing
  #chunks: Buffer[] = []
  #chunkOctets = 0
  /** How the peer ended it: `end` in order, `cut` without, or with an error's code. */
  #ending: string | undefined
  #isTooMuch = false
  #wake: (() => void) | undefined

  private constructor(socket: DialedSocket, options: WireOptions) {
    this.#options = options
    this.#socket = socket
    this.#listen()
  }

  /** Rejects with `Unable` when there is no connection, or no TLS. */
  static async open(options: WireOptions): Promise<Wire> {
    const { name, transcript, patienceMs } = options
    try {
      const socket = await dial({ ...options, timeoutMs: patienceMs })
      transcript.note(name, options.tls ? 'connected, with TLS' : 'connected')
      return new Wire(socket, options)
    } catch (error) {
      throw new Unable((error as Error).message, { cause: error })
    }
  }

  /** Sends the octets; they are one packet where the network allows. Rejects with `Failure` when the connection is gone. */
  async send(octets: Uint8Array): Promise<void> {
    this.#options.transcript.add(this.#options.name, 'sent', octets)
    if (this.#socket.destroyed || this.#socket.writableEnded) return
    await new Promise<void>(resolve => {
      const done = () => {
        clearTimeout(timer)
        this.#socket.off('close', done)
        resolve()
      }
      // A server that reads nothing is found out by what it does not answer.
      const timer = setTimeout(done, this.#options.patienceMs)
      this.#socket.once('close', done)
      this.#socket.write(octets, done)
    })
  }

  /** Reads a line, with its LF. Throws a `Failure` when none comes, or the connection ends first. */
  async line(patienceMs = this.#options.patienceMs): Promise<Buffer> {
    const untilMs = performance.now() + patienceMs
    let searched = 0
    for (;;) {
      const at = this.#unread.indexOf(lf, searched)
      if (at >= 0) return this.#take(at + 1)
      searched = this.#unread.length
      // A line that comes octet by octet does not get the time anew with each.
      await this.#more('a line', patienceMs, untilMs)
    }
  }

  /** Reads so many octets. */
  async octets(count: number, patienceMs?: number): Promise<Buffer> {
    while (this.#unread.length + this.#chunkOctets < count) await this.#more(`${count} octets`, patienceMs)
    this.#join()
    return this.#take(count)
  }

  /** Waits until the peer has ended the connection; throws a `Failure` when it sends something first, or does not end it. */
  async ended(patienceMs?: number): Promise<void> {
    const octets = await this.rest(patienceMs)
    if (octets.length > 0) throw new Failure(`it sent ${shown(octets)} where it should close the connection`)
  }

  /** All that comes until the peer ends the connection. */
  async rest(patienceMs?: number): Promise<Buffer> {
    while (this.#ending === undefined) {
      const had = this.#chunkOctets
      await this.#arrival(patienceMs ?? this.#options.patienceMs)
      if (this.#ending === undefined && this.#chunkOctets === had)
        throw new Failure(
          `the server did not close the connection within ${(patienceMs ?? this.#options.patienceMs) / 1000} s`,
        )
    }
    this.#join()
    return this.#take(this.#unread.length)
  }

  /** What has come within so many milliseconds; empty when nothing did. */
  async within(ms: number): Promise<Buffer> {
    this.#join()
    if (this.#unread.length === 0 && this.#ending === undefined) await this.#arrival(ms)
    this.#join()
    return this.#take(this.#unread.length)
  }

  /** `end` in order, an error's code such as `ECONNRESET`; undefined while it is open. */
  get ending(): string | undefined {
    return this.#ending
  }

  /** Closes our side, and still reads. */
  endWriting(): void {
    this.#options.transcript.note(this.#options.name, 'our side closed')
    this.#socket.end()
  }

  /** Cuts the connection. */
  drop(): void {
    if (this.#socket.destroyed) return
    this.#options.transcript.note(this.#options.name, 'cut by us')
    this.#socket.destroy()
  }

  /** Stops reading, so that the peer can send no more than the network holds. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** The client's handshake on this connection. What came in clear before and was not read is put aside, and given back. */
  async startTls(tls: DialTls): Promise<Buffer> {
    this.#join()
    const before = this.#take(this.#unread.length)
    const { name, transcript, patienceMs } = this.#options
    this.#socket.removeAllListeners()
    try {
      this.#socket = await putTls(this.#socket, this.#options, tls, { timeoutMs: patienceMs })
    } catch (error) {
      transcript.note(name, `no TLS: ${(error as Error).message}`)
      throw new Failure((error as Error).message, { cause: error })
    }
    transcript.note(name, 'TLS')
    this.#listen()
    return before
  }

  #listen(): void {
    const end = (how: string) => {
      if (this.#ending === undefined) {
        this.#ending = how
        this.#options.transcript.note(this.#options.name, `ended by the server (${how})`)
      }
      this.#wake?.()
    }
    this.#socket
      .on('data', (chunk: Buffer) => {
        this.#options.transcript.add(this.#options.name, 'received', chunk)
        this.#chunks.push(chunk)
        this.#chunkOctets += chunk.length
        if (this.#chunkOctets + this.#unread.length > maxUnreadOctets) {
          this.#isTooMuch = true
          this.#socket.destroy()
        }
        this.#wake?.()
      })
      .on('end', () => end('end'))
      .on('error', error => end((error as NodeJS.ErrnoException).code ?? error.message))
      .on('close', () => end('cut'))
  }

  async #more(
    what: string,
    patienceMs = this.#options.patienceMs,
    untilMs = performance.now() + patienceMs,
  ): Promise<void> {
    if (this.#isTooMuch) throw new Failure('it floods: more came than any answer has')
    const isLate = performance.now() > untilMs
    if (this.#chunkOctets === 0 && this.#ending === undefined && !isLate)
      await this.#arrival(untilMs - performance.now())
    if (this.#chunkOctets > 0) return this.#join()
    const had = this.#unread.length > 0 ? `, only ${shown(this.#unread)}` : ''
    if (this.#ending !== undefined) throw new Failure(`the connection ended before ${what} came${had}`)
    throw new Failure(`${what} did not come within ${patienceMs / 1000} s${had}`)
  }

  async #arrival(ms: number): Promise<void> {
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = undefined
  }

  #join(): void {
    if (this.#chunkOctets === 0) return
    this.#unread = Buffer.concat([this.#unread, ...this.#chunks])
    this.#chunks = []
    this.#chunkOctets = 0
  }

  #take(count: number): Buffer {
    const taken = this.#unread.subarray(0, count)
    this.#unread = this.#unread.subarray(count)
    return taken
  }
}

const shownOctets = 80

/** Octets for a sentence, in backquotes: printable US-ASCII as it is, CR, LF and others escaped, long ones cut. */
export function shown(octets: Uint8Array): string {
  const text = Buffer.from(octets.subarray(0, shownOctets))
    .toString('latin1')
    .replace(/[^\x20-\x7e]|\\/g, escaped)
  return octets.length > shownOctets ? `\`${text}\`... (${octets.length} octets)` : `\`${text}\``
}

function escaped(character: string): string {
  const known: Readonly<Record<string, string>> = { '\r': '\\r', '\n': '\\n', '\t': '\\t', '\\': '\\\\' }
  return known[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}
