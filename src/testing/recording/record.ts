// A session of a program with a real server, written down as it passes through: what it becomes is a transcript that `replay`
// plays. Lines go through one by one and unchanged; TLS that the server grants is done on both sides.
import type { Connection, ConnectionHandler } from '../../net/connection.ts'
import type { DialTls } from '../../net/dialer.ts'
import { listen } from '../../net/listener.ts'
import { type OfficeCertificate, officeCertificate } from '../certificate.ts'
import { Incoming } from '../chaos/incoming.ts'
import { Upstream } from '../chaos/upstream.ts'
import { Masks } from './masks.ts'
import { formatTranscript, type Note, type RecordedLine, type Side } from './transcript.ts'

export interface RecordOptions {
  /** The server. */
  readonly host: string
  readonly port: number
  /** `implicit`: the server has TLS from the first octet on. STLS and STARTTLS are followed anyway. Default `none`. */
  readonly tls?: 'none' | 'implicit'
  /** Whether the program has TLS from the first octet on. Default: as the server has. */
  readonly clientTls?: 'none' | 'implicit'
  /** How the server's certificate is looked at. Default: it must be trusted by the system. */
  readonly certificate?: Pick<DialTls, 'serverName' | 'verify' | 'authority'>
  /** Must not stand in the transcript, besides what the protocol tells to be secret. */
  readonly secrets?: readonly string[]
}

export interface Recorder extends AsyncDisposable {
  /** Where the program is to connect. */
  readonly host: string
  readonly port: number
  /** PEM: for programs that have TLS with it. */
  readonly certificate: string
  /** What has passed so far: passwords, tokens and what is made of them left out. */
  transcript(): string
  /** Cuts all connections. */
  close(): Promise<void>
}

const host = '127.0.0.1'
const handshakeTimeoutMs = 10_000
const maxConnections = 100
/** Of all that is written down. */
const maxOctets = 64 * 1024 * 1024

/** Rejects when nothing can listen here; that there is no server is seen by the program, as its connection ends. */
export async function record(options: RecordOptions): Promise<Recorder> {
  const certificate = officeCertificate('localhost', host)
  const sessions: RecordedSession[] = []
  const running = new Set<Promise<void>>()
  const listener = await listen({
    addresses: [{ host, port: 0 }],
    limits: { total: maxConnections, perAddress: maxConnections, countLoopback: true },
    refusal: '',
    onConnection: connection => {
      const session = new RecordedSession(connection, options, certificate)
      sessions.push(session)
      const work = session.run().finally(() => running.delete(work))
      running.add(work)
    },
  })
  const close = async () => {
    listener.close()
    for (const session of sessions) session.cut()
    await Promise.all(running)
  }
  return {
    host,
    port: listener.addresses[0]?.port ?? 0,
    certificate: certificate.text,
    transcript: () => formatTranscript(sessions.map(session => session.entries)),
    close,
    [Symbol.asyncDispose]: close,
  }
}

class RecordedSession implements ConnectionHandler {
  readonly #connection: Connection
  readonly #options: RecordOptions
  readonly #certificate: OfficeCertificate
  readonly #incoming: Incoming
  readonly #masks: Masks
  readonly #entries: (RecordedLine | Note)[] = []
  readonly #leaving = new AbortController()
  #octets = 0
  /** Resolves when the server has answered to STLS. */
  #decided: (() => void) | undefined

  constructor(connection: Connection, options: RecordOptions, certificate: OfficeCertificate) {
    this.#connection = connection
    this.#options = options
    this.#certificate = certificate
    this.#masks = new Masks(options.secrets ?? [])
    this.#incoming = new Incoming({ pause: () => connection.pause(), resume: () => connection.resume() })
    connection.handleWith(this)
  }

  get entries(): readonly (RecordedLine | Note)[] {
    return this.#entries.map(entry => (typeof entry === 'string' ? entry : this.#masks.complete(entry)))
  }

  async run(): Promise<void> {
    const { host: server, port, tls = 'none', clientTls = tls, certificate = {} } = this.#options
    const address = { host: server, port, hasImplicitTls: tls === 'implicit', tls: certificate }
    let upstream: Upstream | undefined
    try {
      if (clientTls === 'implicit') await this.#secureClient()
      upstream = await Upstream.open(address, this.#leaving.signal)
      const cut = upstream
      this.#leaving.signal.addEventListener('abort', () => cut.cut())
      await Promise.all([this.#fromClient(upstream), this.#fromServer(upstream)])
    } catch {
      // Whatever ends it, the program sees a connection that ends.
    } finally {
      upstream?.cut()
      this.#connection.end()
    }
  }

  received(chunk: Uint8Array): void {
    this.#incoming.push(chunk)
  }

  inputEnded(): void {
    this.#incoming.end()
  }

  closed(): void {
    this.#incoming.end()
    this.#leaving.abort()
  }

  cut(): void {
    this.#connection.cut()
  }

  async #fromClient(upstream: Upstream): Promise<void> {
    for (;;) {
      const line = await this.#incoming.line()
      if (line.length === 0) break
      this.#add('client', line)
      const isStart = /^(STLS|STARTTLS)\r?\n$/i.test(line.toString('latin1'))
      const decided = new Promise<void>(resolve => {
        this.#decided = isStart ? resolve : undefined
      })
      if (isStart) this.#connection.pause()
      await upstream.send(line)
      if (isStart) await decided
    }
    this.#note('the client closed')
    upstream.end()
  }

  async #fromServer(upstream: Upstream): Promise<void> {
    for (;;) {
      const line = await upstream.incoming.line()
      if (line.length === 0) break
      this.#add('server', line)
      this.#connection.sendOctets(line)
      this.#connection.flush()
      await this.#connection.drained()
      const decided = this.#decided
      if (!decided) continue
      this.#decided = undefined
      if (/^(\+OK|220)/.test(line.toString('latin1')))
        await Promise.all([this.#secureClient(), upstream.startTls(this.#leaving.signal)])
      this.#connection.resume()
      decided()
    }
    this.#note('the server closed')
    this.#connection.end()
  }

  async #secureClient(): Promise<void> {
    const { contexts } = this.#certificate
    this.#note('TLS')
    await this.#connection.startTls({ contexts, alpn: 'pop3', handshakeTimeoutMs })
  }

  #add(side: Side, line: Buffer): void {
    this.#octets += line.length
    if (this.#octets > maxOctets) throw new Error('more than can be written down')
    this.#entries.push(this.#masks.line(side, line.toString('latin1')))
  }

  /** Who closed first; that the other follows is no news. */
  #note(note: Note): void {
    const last = this.#entries.at(-1)
    if (note !== 'TLS' && typeof last === 'string' && last !== 'TLS') return
    this.#entries.push(note)
  }
}
