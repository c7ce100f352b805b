// The octets of one connection, read as they are asked for: while nobody asks, the socket is paused, and the server waits.
// Failures reach whoever waits, or the next who asks; there are no events.
import { type DialAddress, type DialedSocket, type DialTls, putTls } from '../../net/dialer.ts'
import { type ClientBinding, clientBinding } from '../../net/tls/client-binding.ts'
import { type Phase, Pop3Error } from './errors.ts'

/** Octets that may lie here unread before the socket is paused. */
const highWaterOctets = 256 * 1024
const lf = 10

export class Channel {
  #socket: DialedSocket
  /** Read, and not asked for yet; the first of them from `#at` on. */
  #chunks: Buffer[] = []
  #at = 0
  #octets = 0
  /** In UTF-8, not handed to the socket yet. */
  #outgoing = ''
  #failure: Pop3Error | undefined
  #wake: (() => void) | undefined
  /** What the session is about, for errors. */
  phase: Phase = 'connect'

  constructor(socket: DialedSocket) {
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

  /** What a login is bound to; undefined in clear. */
  get binding(): ClientBinding | undefined {
    return clientBinding(this.#socket)
  }

  /** Octets that came in and were not asked for. */
  get unreadOctets(): number {
    return this.#octets
  }

  /**
   * Never waits: what the server does not take stays in memory. What is sent in one go is one packet. Nothing is sent on a
   * connection that is lost.
   */
  send(text: string): void {
    if (this.#outgoing === '') queueMicrotask(() => this.#flush())
    this.#outgoing += text
  }

  /** A line without its LF, if it has come in whole. Throws `limit-exceeded` for a longer one. */
  takeLine(maxOctets: number): Buffer | undefined {
    let before = 0
    for (const [index, chunk] of this.#chunks.entries()) {
      const from = index === 0 ? this.#at : 0
      const end = chunk.indexOf(lf, from)
      if (end >= 0) {
        const line = index === 0 ? chunk.subarray(from, end) : this.#joined(before + end)
        this.#drop(before + (end - from) + 1)
        return line
      }
      before += chunk.length - from
      if (before > maxOctets) throw this.fail('limit-exceeded', `a line of more than ${maxOctets} octets`)
    }
    return undefined
  }

  /** What has come in, at most one chunk of it; undefined while there is nothing. */
  takeChunk(): Buffer | undefined {
    const chunk = this.#chunks.shift()
    if (!chunk) return undefined
    const octets = this.#at === 0 ? chunk : chunk.subarray(this.#at)
    this.#at = 0
    this.#octets -= octets.length
    return octets
  }

  /** Gives back what of a chunk was not used. */
  putBack(octets: Buffer): void {
    if (octets.length === 0) return
    this.#chunks.unshift(this.#at === 0 || this.#chunks.length === 0 ? octets : this.#rejoined(octets))
    this.#at = 0
    this.#octets += octets.length
  }

  /** Waits for more. Throws when the connection ends, when nothing comes in so many milliseconds, or when aborted. */
  async more(patienceMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw this.abort(signal)
    if (this.#failure) throw this.#failure
    this.#socket.resume()
    let timer: NodeJS.Timeout | undefined
    const before = this.#octets
    const stop = () => this.#wake?.()
    await new Promise<void>(resolve => {
      this.#wake = resolve
      timer = setTimeout(resolve, patienceMs)
      signal?.addEventListener('abort', stop)
    })
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
    this.#wake = undefined
    if (this.#octets > before) return
    if (signal?.aborted) throw this.abort(signal)
    throw this.#failure ?? this.fail('timeout', `nothing came from the server in ${patienceMs / 1000} s`)
  }

  /** The client's handshake. Throws `stls-injection` when anything came in clear behind the answer, `tls-failed`. */
  async startTls(address: DialAddress, tls: DialTls, timeoutMs: number): Promise<void> {
    if (this.#octets > 0)
      throw this.fail('stls-injection', 'the server sent something in clear behind its answer to STLS')
    this.#socket.removeAllListeners()
    this.#socket.pause()
    try {
      this.#socket = await putTls(this.#socket, address, tls, { timeoutMs })
    } catch (cause) {
      throw this.fail('tls-failed', (cause as Error).message, cause)
    }
    this.#listen()
  }

  /** Closes the connection for a reason, and gives it: from now on everybody gets it. */
  fail(code: Pop3Error['code'], message: string, cause?: unknown): Pop3Error {
    this.#failure ??= new Pop3Error(code, message, { phase: this.phase, cause })
    this.#socket.destroy()
    this.#wake?.()
    return this.#failure
  }

  abort(signal: AbortSignal): Pop3Error {
    return this.fail('aborted', 'aborted by the caller; the connection was closed', signal.reason)
  }

  /** Ends the connection in order. */
  end(): void {
    this.#flush()
    this.#failure ??= new Pop3Error('closed', 'the session has ended', { phase: this.phase })
    this.#socket.end()
    // A server that does not close its side is not waited for.
    this.#socket.setTimeout(1_000, () => this.#socket.destroy())
    this.#socket.resume()
  }

  #flush(): void {
    const text = this.#outgoing
    this.#outgoing = ''
    if (text !== '' && this.#failure === undefined) this.#socket.write(text)
  }

  #listen(): void {
    const lose = (cause?: unknown) => {
      const why = cause instanceof Error ? `: ${cause.message}` : ''
      this.#failure ??= new Pop3Error('connection-lost', `the connection was lost${why}`, {
        phase: this.phase,
        cause,
      })
      this.#wake?.()
    }
    this.#socket
      .on('data', (chunk: Buffer) => {
        if (this.#failure?.code === 'closed') return
        this.#chunks.push(chunk)
        this.#octets += chunk.length
        if (this.#octets > highWaterOctets) this.#socket.pause()
        this.#wake?.()
      })
      .on('end', () => lose())
      .on('error', lose)
      .on('close', () => lose())
    this.#socket.pause()
  }

  /** The first octets, of as many chunks as it takes. */
  #joined(length: number): Buffer {
    return Buffer.concat(
      [this.#chunks[0]?.subarray(this.#at) ?? Buffer.alloc(0), ...this.#chunks.slice(1)],
      length,
    )
  }

  #rejoined(octets: Buffer): Buffer {
    const first = this.#chunks.shift() ?? Buffer.alloc(0)
    return Buffer.concat([octets, first.subarray(this.#at)])
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
