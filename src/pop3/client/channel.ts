// The octets of one connection. They are read ahead up to a bound, so that an end is seen when it comes; beyond it the socket
// is paused, and the server waits. Failures reach whoever waits, or the next who asks, and `closed`; there are no events.
import type { Duplex } from 'node:stream'
import { type DialAddress, type DialTls, putTls } from '../../net/dialer.ts'
import { type Phase, Pop3Error } from './errors.ts'
import { parseReply } from './reply.ts'

/** Octets that may lie here unread before the socket is paused. */
const highWaterOctets = 256 * 1024
/** A server that does not close its side is not waited for. */
const farewellMs = 1_000
const lf = 10
const nothing = Buffer.alloc(0)

export class Channel {
  #socket: Duplex
  /** Read, and not asked for yet; the first of them from `#at` on. */
  readonly #chunks: Buffer[] = []
  #at = 0
  #octets = 0
  /** In UTF-8, not handed to the socket yet. */
  #outgoing = ''
  #failure: Pop3Error | undefined
  #wake: (() => void) | undefined
  #resolveClosed: (failure: Pop3Error | undefined) => void = () => undefined
  /** What the session is about, for errors. */
  phase: Phase = 'connect'
  sentOctets = 0
  receivedOctets = 0
  /** Resolves once nothing goes in or out any more: with why, or with undefined when that was wanted. */
  readonly closed = new Promise<Pop3Error | undefined>(resolve => {
    this.#resolveClosed = resolve
  })

  constructor(socket: Duplex) {
    this.#socket = socket
    this.#listen()
  }

  /** Why nothing goes in or out any more; undefined while it does. */
  get failure(): Pop3Error | undefined {
    return this.#failure
  }

  get isOpen(): boolean {
    return this.#failure === undefined
  }

  /** The stream itself, for what TLS says of it. */
  get socket(): Duplex {
    return this.#socket
  }

  /** Octets that came in and were not asked for. */
  get unreadOctets(): number {
    return this.#octets
  }

  /** The first octet that was not asked for. */
  get firstOctet(): number | undefined {
    return this.#chunks[0]?.[this.#at]
  }

  /**
   * Never waits: what the server does not take stays in memory. What is sent in one go is one packet. Nothing is sent on a
   * connection that is lost.
   */
  send(text: string): void {
    if (this.#outgoing === '') queueMicrotask(() => this.#flush())
    this.#outgoing += text
  }

  /** A line without its LF, if it has come in whole: a view. Throws `limit-exceeded` for a longer one. */
  takeLine(maxOctets: number): Buffer | undefined {
    let before = 0
    for (let index = 0; index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index] as Buffer
      const from = index === 0 ? this.#at : 0
      const end = chunk.indexOf(lf, from)
      if (before + (end < 0 ? chunk.length : end) - from > maxOctets)
        throw this.fail('limit-exceeded', `a line of more than ${maxOctets} octets`)
      if (end >= 0) {
        const line = index === 0 ? chunk.subarray(from, end) : this.#joined(before + end)
        this.#drop(before + (end - from) + 1)
        return line
      }
      before += chunk.length - from
    }
    return undefined
  }

  /** What has come in, at most one chunk of it: a view; undefined while there is nothing. */
  takeChunk(): Buffer | undefined {
    const chunk = this.#chunks.shift()
    if (!chunk) return undefined
    const octets = this.#at === 0 ? chunk : chunk.subarray(this.#at)
    this.#at = 0
    this.#octets -= octets.length
    return octets
  }

  /** Gives back what of a chunk just taken was not used. */
  putBack(octets: Buffer): void {
    if (octets.length === 0) return
    this.#chunks.unshift(octets)
    this.#octets += octets.length
  }

  /** Waits for more. Throws when the connection ends, when nothing comes in so many milliseconds, or when aborted. */
  async more(patienceMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw this.abort(signal)
    if (this.#failure) throw this.#failure
    this.#socket.resume()
    let timer: NodeJS.Timeout | undefined
    const before = this.receivedOctets
    const stop = () => this.#wake?.()
    await new Promise<void>(resolve => {
      this.#wake = resolve
      // Node waits for no longer.
      timer = setTimeout(resolve, Math.min(patienceMs, 2_147_483_647))
      signal?.addEventListener('abort', stop)
    })
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
    this.#wake = undefined
    if (this.receivedOctets > before) return
    if (signal?.aborted) throw this.abort(signal)
    throw this.#failure ?? this.fail('timeout', `nothing came from the server in ${patienceMs / 1000} s`)
  }

  /** The client's handshake. Throws `stls-injection` when anything came in clear behind the answer, `tls-failed`. */
  async startTls(
    address: DialAddress,
    tls: DialTls,
    wait: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
  ): Promise<void> {
    if (this.#octets + this.#socket.readableLength > 0)
      throw this.fail('stls-injection', 'the server sent something in clear behind its answer to STLS')
    this.#socket.removeAllListeners('data').removeAllListeners('end').removeAllListeners('close')
    this.#socket.removeAllListeners('error')
    this.#socket.pause()
    try {
      this.#socket = await putTls(this.#socket, address, tls, wait)
    } catch (cause) {
      if (wait.signal?.aborted) throw this.abort(wait.signal)
      throw this.fail('tls-failed', (cause as Error).message, cause)
    }
    this.#listen()
  }

  /** Closes the connection for a reason, and gives it: from now on everybody gets it. */
  fail(code: Pop3Error['code'], message: string, cause?: unknown): Pop3Error {
    const failure = this.#finish(() => new Pop3Error(code, message, { phase: this.phase, cause }))
    this.#socket.destroy()
    this.#wake?.()
    return failure
  }

  abort(signal: AbortSignal): Pop3Error {
    return this.fail('aborted', 'aborted by the caller; the connection was closed', signal.reason)
  }

  /** Ends the connection in order. */
  end(): void {
    this.#flush()
    this.#finish(() => new Pop3Error('closed', 'the session has ended', { phase: this.phase }))
    this.#socket.end()
    const timer = setTimeout(() => this.#socket.destroy(), farewellMs)
    timer.unref()
    this.#socket.once('close', () => clearTimeout(timer))
    this.#socket.resume()
  }

  #finish(why: () => Pop3Error): Pop3Error {
    if (this.#failure) return this.#failure
    const failure = why()
    this.#failure = failure
    this.#resolveClosed(failure.code === 'closed' ? undefined : failure)
    return failure
  }

  #flush(): void {
    const text = this.#outgoing
    this.#outgoing = ''
    if (text === '' || this.#failure) return
    this.sentOctets += Buffer.byteLength(text)
    this.#socket.write(text)
  }

  #listen(): void {
    const lose = (cause?: unknown) => {
      this.#finish(() => this.#loss(cause))
      this.#socket.destroy()
      this.#wake?.()
    }
    this.#socket
      .on('data', (chunk: Buffer) => {
        this.receivedOctets += chunk.length
        if (this.#failure) return
        this.#chunks.push(chunk)
        this.#octets += chunk.length
        if (this.#octets > highWaterOctets) this.#socket.pause()
        this.#wake?.()
      })
      .on('end', () => lose())
      .on('error', lose)
      .on('close', () => lose())
    this.#socket.resume()
  }

  /** Many servers say why they hang up, and nobody has asked. */
  #loss(cause: unknown): Pop3Error {
    const end = this.#chunks[0]?.indexOf(lf, this.#at) ?? -1
    const line = end < 0 ? nothing : (this.#chunks[0] ?? nothing).subarray(this.#at, end)
    const last = parseReply(line.at(-1) === 13 ? line.subarray(0, -1) : line)
    const said = last?.status === 'err' ? last : undefined
    const why = cause instanceof Error ? cause.message : said?.text
    return new Pop3Error('connection-lost', `the connection was lost${why ? `: ${why}` : ''}`, {
      phase: this.phase,
      cause,
      responseCode: said?.responseCode,
      serverText: said?.text,
    })
  }

  /** The first octets, of as many chunks as it takes. */
  #joined(length: number): Buffer {
    return Buffer.concat([this.#chunks[0]?.subarray(this.#at) ?? nothing, ...this.#chunks.slice(1)], length)
  }

  #drop(length: number): void {
    this.#octets -= length
    let left = length + this.#at
    while (left > 0) {
      const [first] = this.#chunks
      if (!first || first.length > left) break
      left -= first.length
      this.#chunks.shift()
    }
    this.#at = left
  }
}
