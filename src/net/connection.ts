// One TCP connection. What is sent between two flushes leaves in one write; nothing is buffered for a reader who does
// not read: past `highWaterOctets` the sender waits. Closing is polite (what was sent arrives) and bounded in time. TLS
// may come over it, at once or when the protocol says so; the octets counted are those in clear.
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { Channel } from './tls/channel.ts'
import { Handshake, serverSide, tlsFailure } from './tls/handshake.ts'
import { type TlsChannel, TlsFailure, type TlsServerOptions } from './tls.ts'

/** What a connection tells its owner. */
export interface ConnectionHandler {
  /** Octets that came in; not called between `pause` and `resume`. */
  received(chunk: Uint8Array): void
  /** The peer sends no more; it may still read. */
  inputEnded(): void
  /** Once, whoever closed it and why ever. Nothing is called afterwards. */
  closed(): void
}

/** Octets that one flush renders into one write; larger pieces go out as they are. */
const pageOctets = 64 * 1024
/** Octets that may wait for the peer before the sender waits too. */
const highWaterOctets = 64 * 1024
const lingerMs = 5_000
const keepAliveInitialDelayMs = 60_000

/** Pages to render into. One that the kernel took whole is free again at once, so that few are ever needed. */
const freePages: Buffer[] = []
const maxFreePages = 64

export class Connection {
  /** The peer's address; IPv4 is not shown in its IPv6-mapped form. */
  readonly peer: string
  /** The TCP socket, or the TLS socket over it. */
  #socket: Socket
  #channel: TlsChannel | undefined
  /** Nothing goes in or out until it is over. */
  #handshake: Handshake | undefined
  #isPaused = false
  /** TLS is there, but the code behind `startTls` has not run yet. */
  #isInputHeld = false
  #handler: ConnectionHandler | undefined
  #outgoing: (string | Uint8Array)[] = []
  #outgoingOctets = 0
  /** Pages of writes that still wait for the peer. */
  #heldPages: Buffer[] = []
  #handedOver = 0
  #received = 0
  #drained: (() => void) | undefined
  #flushIsDue = false
  #isKeptAlive = false
  #closingSinceMs = 0
  #progressOctets = 0
  #progressAtMs = 0
  /** When a look began at how fast the peer takes what waits for it, and what it had taken then; 0: nothing waited. */
  #watchedSinceMs = 0
  #takenBefore = 0

  /** `peer` is who is behind a proxy. */
  constructor(socket: Socket, peer: string = peerOf(socket)) {
    this.#socket = socket
    this.peer = peer
    this.#attach(socket)
  }

  /** TLS, as soon as its handshake is done; undefined in clear. */
  get channel(): TlsChannel | undefined {
    return this.#channel
  }

  /** Octets received. */
  get octetsIn(): number {
    return this.#received
  }

  /** Octets sent, those included that still wait for the peer. */
  get octetsOut(): number {
    return this.#handedOver + this.#outgoingOctets
  }

  /** The peer is behind: wait for `drained` before sending more. */
  get full(): boolean {
    return this.#socket.writableLength >= highWaterOctets
  }

  get isOpen(): boolean {
    return this.#closingSinceMs === 0 && !this.#socket.destroyed
  }

  handleWith(handler: ConnectionHandler): void {
    this.#handler = handler
  }

  /** Queues text of US-ASCII. */
  sendText(text: string): void {
    this.#queue(text, text.length)
  }

  /** Queues octets, which must not change afterwards. */
  sendOctets(octets: Uint8Array): void {
    for (let at = 0; at < octets.length; at += pageOctets) {
      const piece = octets.length > pageOctets ? octets.subarray(at, at + pageOctets) : octets
      this.#queue(piece, piece.length)
    }
  }

  /** Hands what is queued to the kernel. */
  flush(): void {
    const outgoing = this.#outgoing
    if (this.#outgoingOctets === 0 || this.#socket.destroyed) return
    if (this.#socket.writableLength === 0) this.#progressAtMs = performance.now()
    this.#handedOver += this.#outgoingOctets
    const octets = this.#outgoingOctets
    this.#outgoing = []
    this.#outgoingOctets = 0
    const first = outgoing[0]
    if (outgoing.length > 1) this.#writePage(outgoing, octets)
    else if (typeof first === 'string') this.#socket.write(first, 'latin1')
    else if (first !== undefined) this.#socket.write(first)
  }

  /** Flushes when the work at hand has come to rest: for senders that go on as soon as a promise resolves. */
  flushSoon(): void {
    if (this.#flushIsDue || this.#outgoingOctets === 0) return
    this.#flushIsDue = true
    setImmediate(() => {
      this.#flushIsDue = false
      this.flush()
    })
  }

  /** Resolves when the peer has caught up, or the connection is closed. */
  drained(): Promise<void> {
    if (this.#socket.destroyed || !this.full) return Promise.resolve()
    return new Promise(resolve => {
      this.#drained = resolve
    })
  }

  pause(): void {
    this.#isPaused = true
    this.#socket.pause()
  }

  resume(): void {
    this.#isPaused = false
    if (!this.#isInputHeld && !this.#handshake) this.#socket.resume()
  }

  /**
   * Puts TLS on the connection, as its server: what was queued leaves in clear, all that follows goes through TLS, both
   * ways. Resolves when the handshake is done; what comes in then waits until the code behind the promise has run.
   * Rejects with a `TlsFailure`, behind `closed()`, when it fails, takes too long, or the connection ends. Meanwhile
   * nothing can be sent, and `end` is `cut`. Octets given to `received` before it are the owner's matter; all others go
   * to TLS, which fails when they were sent in clear.
   */
  async startTls(options: TlsServerOptions): Promise<void> {
    if (!this.isOpen) throw new TlsFailure('gone')
    if (this.#handshake || this.#channel) throw new Error('TLS is there already')
    this.flush()
    const plain = this.#socket
    plain.pause()
    const handshake = new Handshake(options.handshakeTimeoutMs, () => this.cut())
    this.#handshake = handshake
    const secure = () => this.#orFail(handshake, () => this.#secure(handshake, options))
    if (plain.writableLength === 0) secure()
    else {
      // An empty write is done when those before it are: only then the socket is TLS's alone.
      plain.write('', () => {
        if (this.isOpen) secure()
      })
    }
    await handshake.done
  }

  /** Sends what is queued, then closes; what comes in meanwhile is dropped. */
  end(): void {
    if (!this.isOpen) return
    // Nothing can be said in the middle of a handshake.
    if (this.#handshake) return this.cut()
    this.flush()
    this.#closingSinceMs = performance.now()
    this.#socket.resume()
    this.#socket.end()
  }

  /** Closes at once; what the peer did not receive yet is lost, and it can tell. */
  cut(): void {
    this.#closingSinceMs ||= performance.now()
    this.#socket.destroy()
  }

  /** Milliseconds for which the peer has taken nothing of what waits for it. To be asked every now and then. */
  stalledMs(nowMs: number): number {
    const waiting = this.#socket.writableLength
    const progress = this.#handedOver - waiting
    if (waiting === 0 || progress !== this.#progressOctets) {
      this.#progressOctets = progress
      this.#progressAtMs = nowMs
      return 0
    }
    return nowMs - this.#progressAtMs
  }

  /**
   * Whether something has waited for the peer for `windowMs`, and it took fewer octets a second of it. To be asked every
   * now and then.
   */
  takesLessThan(octetsPerSecond: number, windowMs: number, nowMs: number): boolean {
    const waiting = this.#socket.writableLength
    const elapsedMs = nowMs - this.#watchedSinceMs
    const isWatched = this.#watchedSinceMs > 0 && waiting > 0
    if (isWatched && elapsedMs < windowMs) return false
    const taken = this.#handedOver - waiting
    const isSlow = isWatched && taken - this.#takenBefore < (octetsPerSecond * elapsedMs) / 1000
    this.#watchedSinceMs = waiting > 0 ? nowMs : 0
    this.#takenBefore = taken
    return isSlow
  }

  /**
   * To be called every now and then: cuts a connection whose peer does not answer the end of it, and has the kernel
   * watch over the long-lived ones, which short sessions need not pay for.
   */
  sweep(nowMs: number): void {
    if (!this.#isKeptAlive) this.#socket.setKeepAlive(true, keepAliveInitialDelayMs)
    this.#isKeptAlive = true
    if (this.#closingSinceMs > 0 && nowMs - this.#closingSinceMs > lingerMs) this.#socket.destroy()
  }

  #attach(socket: Socket): void {
    // Under TLS the TCP socket's own events are nobody's business any more.
    socket.on('data', chunk => socket === this.#socket && this.#onData(chunk))
    socket.on('drain', () => socket === this.#socket && this.#onDrain())
    socket.on('end', () => socket === this.#socket && this.#onEnd())
    socket.on('error', () => socket.destroy())
    socket.on('close', () => socket === this.#socket && this.#onClose())
  }

  /** What is thrown here would reach nobody: it ends this handshake alone. */
  #orFail(handshake: Handshake, step: () => void): void {
    try {
      step()
    } catch (error) {
      handshake.fail(tlsFailure(error as NodeJS.ErrnoException))
      this.cut()
    }
  }

  #secure(handshake: Handshake, options: TlsServerOptions): void {
    this.#freePages()
    const secured = serverSide(this.#socket, options)
    secured.pause()
    this.#socket = secured
    this.#attach(secured)
    secured.once('secure', () => {
      this.#isInputHeld = true
      // Later, for now OpenSSL is in the middle of its work: the tickets of TLS 1.3 leave before anything else.
      setImmediate(() => this.#orFail(handshake, () => this.#secured(handshake, secured, options)))
    })
    // Node leaves it to us what follows from an error, in the handshake and behind it.
    secured.on('_tlsError', (error: NodeJS.ErrnoException) => {
      handshake.fail(tlsFailure(error))
      secured.destroy()
    })
  }

  #secured(handshake: Handshake, secured: TLSSocket, { contexts }: TlsServerOptions): void {
    if (!this.isOpen) return
    this.#channel = new Channel(secured, contexts)
    this.#handshake = undefined
    handshake.succeed()
    setImmediate(() => {
      this.#isInputHeld = false
      if (!this.#isPaused) secured.resume()
    })
  }

  #queue(piece: string | Uint8Array, octets: number): void {
    if (!this.isOpen || this.#handshake) return
    if (this.#outgoingOctets + octets > pageOctets) this.flush()
    this.#outgoing.push(piece)
    this.#outgoingOctets += octets
  }

  #writePage(pieces: readonly (string | Uint8Array)[], octets: number): void {
    const page = freePages.pop() ?? Buffer.allocUnsafeSlow(pageOctets)
    let at = 0
    for (const piece of pieces) {
      if (typeof piece === 'string') at += page.write(piece, at, 'latin1')
      else {
        page.set(piece, at)
        at += piece.length
      }
    }
    const rendered = page.subarray(0, octets)
    if (this.#channel) {
      // TLS tells of each write that was encrypted and taken, never at once; of one that failed it is not known.
      this.#socket.write(rendered, error => {
        if (!error && freePages.length < maxFreePages) freePages.push(page)
      })
      return
    }
    this.#socket.write(rendered)
    this.#heldPages.push(page)
    this.#freePages()
  }

  #freePages(): void {
    if (this.#heldPages.length === 0 || this.#socket.writableLength > 0) return
    for (const page of this.#heldPages) if (freePages.length < maxFreePages) freePages.push(page)
    this.#heldPages.length = 0
  }

  #onData(chunk: Buffer): void {
    if (!this.isOpen) return
    this.#received += chunk.length
    this.#handler?.received(chunk)
  }

  #onEnd(): void {
    if (this.#isInputHeld) setImmediate(() => this.#onEnd())
    else if (this.#handshake) this.cut()
    else this.#handler?.inputEnded()
  }

  #onDrain(): void {
    this.#freePages()
    const drained = this.#drained
    this.#drained = undefined
    drained?.()
  }

  #onClose(): void {
    this.#closingSinceMs ||= performance.now()
    this.#outgoing = []
    // A write may still be under way: its page goes with the connection.
    this.#heldPages = []
    this.#onDrain()
    this.#handler?.closed()
    this.#handler = undefined
    this.#handshake?.closed()
    this.#handshake = undefined
  }
}

/** The address at the other end of the socket. */
export function peerOf({ remoteAddress: address }: Socket): string {
  return address?.startsWith('::ffff:') ? address.slice(7) : (address ?? 'unknown')
}
