// One visit to the server under probe: a connection that asks what no client asks, and sees what a client repairs in silence.
// It never says DELE, and leaves without QUIT unless a probe says that itself.
import { dial } from '../../net/dialer.ts'
import { parseProxy } from '../../net/proxies/proxy.ts'
import { clientBinding } from '../../net/tls/client-binding.ts'
import { type PeerReport, peerReport } from '../../net/tls/peer-report.ts'
import { Capabilities } from '../client/capabilities.ts'
import { Channel } from '../client/channel.ts'
import { Conversation } from '../client/conversation.ts'
import { Pop3Error } from '../client/errors.ts'
import type { ConnectOptions, Credentials } from '../client/index.ts'
import { logIn } from '../client/login.ts'
import { defaultLimits } from '../client/options.ts'
import { mergeQuirks, quirksOfGreeting, quirksOfHost } from '../client/quirks.ts'
import { parseReply, protocolOf, type Reply } from '../client/reply.ts'
import { type BodyFacts, BodyMeter } from './body-meter.ts'

/** How the server is reached. */
export type Reach = Pick<
  ConnectOptions,
  'host' | 'tls' | 'certificate' | 'pin' | 'proxy' | 'allowCleartextAuth' | 'signal'
> & {
  readonly port: number
  /** For each answer, in milliseconds. */
  readonly patienceMs: number
}

export interface Answer extends Reply {
  /** The status line as it came, without its LF. */
  readonly line: string
}

/** What is wrong with lines that a client takes all the same. */
export type Oddity = 'bare-lf' | 'stray-line' | 'long-status' | 'status-form'

export const limits = {
  /** Of a status line or a line of a listing. */
  lineOctets: 64 * 1024,
  listEntries: 2_000_000,
  /** Of CAPA and LANG. */
  capabilities: 1_000,
  listOctets: 256 << 20,
  /** Of one message. */
  bodyOctets: 16 << 20,
  /** What is kept of a message: its header. */
  beginningOctets: 256 * 1024,
} as const

/** RFC 2449 section 4, with its CRLF. */
const statusLineOctets = 512
const maxStrayLines = 4
const cr = 13
/** One octet now and then is no answer: a listing may take so many times the patience in all. */
const listPatience = 20

export class Visit {
  readonly #reach: Reach
  readonly #conversation: Conversation
  readonly #channel: Channel
  readonly oddities: Set<Oddity>
  #isPrivate: boolean
  greeting: Answer = { status: 'err', responseCode: undefined, text: '', line: '' }

  private constructor(reach: Reach, channel: Channel, oddities: Set<Oddity>) {
    this.#reach = reach
    this.#channel = channel
    this.oddities = oddities
    this.#isPrivate = reach.tls === 'implicit'
    const { patienceMs } = reach
    this.#conversation = new Conversation(channel, {
      session: 0,
      timeouts: { connect: patienceMs, greeting: patienceMs, command: patienceMs, stall: patienceMs },
      limits: { ...defaultLimits, line: limits.lineOctets },
      tap: undefined,
    })
  }

  /**
   * Connects, with TLS where the policy is `implicit`, and reads the greeting, of whatever status. Certificates are judged
   * as `reach` says only when `judges`: without, they can be looked at, and nobody must log in. Rejects with a `Pop3Error`.
   */
  static async open(reach: Reach, oddities: Set<Oddity>, judges: boolean): Promise<Visit> {
    const { host, port, proxy, patienceMs: timeoutMs, signal } = reach
    const tls = reach.tls === 'implicit' ? tlsOf(reach, judges) : undefined
    let channel: Channel
    try {
      channel = new Channel(
        await dial({
          host,
          port,
          proxy: proxy === undefined ? undefined : parseProxy(proxy),
          tls,
          timeoutMs,
          signal,
        }),
      )
    } catch (cause) {
      const code = signal?.aborted ? 'aborted' : 'connect-failed'
      throw new Pop3Error(code, (cause as Error).message, { phase: 'connect', cause })
    }
    const visit = new Visit(reach, channel, oddities)
    await visit.#greet()
    return visit
  }

  get isOpen(): boolean {
    return this.#channel.isOpen
  }

  /** Nobody can listen, as far as TLS goes. */
  get isPrivate(): boolean {
    return this.#isPrivate
  }

  get peer(): PeerReport | undefined {
    return peerReport(this.#channel.socket, this.#reach.host)
  }

  async #greet(): Promise<void> {
    this.#channel.phase = 'greeting'
    if (this.#channel.unreadOctets === 0) await this.#more()
    const first = Buffer.from([this.#channel.firstOctet ?? 0])
    const isTls = protocolOf(first)
    if (isTls) throw this.#channel.fail('not-pop3', `${isTls} answers there, not POP3 in clear`)
    const line = await this.#line(performance.now() + this.#reach.patienceMs)
    const reply = parseReply(line)
    if (!reply) {
      const other = protocolOf(line)
      throw this.#channel.fail('not-pop3', `${other ?? 'something else'} answers there, not POP3`)
    }
    this.greeting = this.#answer(line, reply)
  }

  /** Sends the command, and gives its status line. */
  async ask(command: string): Promise<Answer> {
    this.#conversation.say(command)
    return this.answer()
  }

  /** Sends several commands in one packet. Their answers are then to be read. */
  send(commands: readonly string[]): void {
    for (const command of commands) this.#conversation.say(command)
  }

  /** The next status line. */
  async answer(): Promise<Answer> {
    const untilMs = performance.now() + this.#reach.patienceMs
    for (let stray = 0; stray <= maxStrayLines; stray++) {
      const line = await this.#line(untilMs)
      const reply = parseReply(line)
      if (reply) return this.#answer(line, reply)
      if (line.length > 0 && line.toString('latin1') !== '.')
        throw this.#channel.fail('protocol', `${quoted(line.toString('latin1'))} is no status line`)
      this.oddities.add('stray-line')
    }
    throw this.#channel.fail('protocol', `more than ${maxStrayLines} lines in front of a status line`)
  }

  #answer(line: Buffer, reply: Reply): Answer {
    const text = line.toString('latin1')
    if (text.length + 2 > statusLineOctets) this.oddities.add('long-status')
    if (!/^(?:\+OK|-ERR|\+)(?: |$)/.test(text)) this.oddities.add('status-form')
    return { ...reply, line: text }
  }

  /** A command that lines follow; undefined where it is refused. */
  async list(command: string, maxEntries?: number): Promise<readonly string[] | undefined> {
    return (await this.ask(command)).status === 'ok' ? this.lines(maxEntries) : undefined
  }

  /** The lines behind a status line, dots unstuffed, in latin1. */
  async lines(maxEntries: number = limits.listEntries): Promise<readonly string[]> {
    const untilMs = performance.now() + this.#reach.patienceMs * listPatience
    const lines: string[] = []
    let octets = 0
    for (;;) {
      const line = (await this.#line(untilMs)).toString('latin1')
      if (line === '.') return lines
      octets += line.length
      if (lines.length >= maxEntries || octets > limits.listOctets)
        throw this.#channel.fail('limit-exceeded', 'the answer has no end')
      lines.push(line.startsWith('.') ? line.slice(1) : line)
    }
  }

  /** The message behind a status line, counted. */
  async body(): Promise<BodyFacts> {
    const meter = new BodyMeter(limits.beginningOctets)
    const untilMs = performance.now() + this.#reach.patienceMs * listPatience
    for (;;) {
      const chunk = this.#channel.takeChunk()
      if (!chunk) {
        await this.#more(untilMs)
        continue
      }
      const end = meter.count(chunk)
      if (meter.octets > limits.bodyOctets)
        throw this.#channel.fail('limit-exceeded', `a message of more than ${limits.bodyOctets} octets`)
      if (end < 0) continue
      this.#channel.putBack(chunk.subarray(end))
      return meter.facts
    }
  }

  /** STLS, RFC 2595 section 4, and what TLS came to; undefined where it is refused. */
  async secure(judges: boolean): Promise<PeerReport | undefined> {
    this.#channel.phase = 'tls'
    if ((await this.ask('STLS')).status !== 'ok') return undefined
    const { patienceMs: timeoutMs, signal } = this.#reach
    await this.#channel.startTls(this.#reach, tlsOf(this.#reach, judges), { timeoutMs, signal })
    this.#isPrivate = true
    return this.peer
  }

  /** As the client does it. */
  async logIn(auth: Credentials, capabilityLines: readonly string[] | undefined): Promise<void> {
    const { host, allowCleartextAuth = false, signal } = this.#reach
    const capabilities = new Capabilities()
    capabilities.add(capabilityLines ?? [], this.#isPrivate ? 'tls' : 'clear')
    this.#channel.phase = 'login'
    await logIn(auth, {
      conversation: this.#conversation,
      capabilities,
      apopTimestamp: /<[^<>\s]{1,255}@[^<>\s]{1,255}>/.exec(this.greeting.line)?.[0],
      isPrivate: this.#isPrivate,
      channel: {
        isTls: this.#isPrivate,
        binding: () => Promise.resolve(clientBinding(this.#channel.socket)),
      },
      allowCleartextAuth,
      quirks: mergeQuirks(quirksOfHost(host), quirksOfGreeting(this.greeting.text)),
      isRetry: false,
      signal,
    })
    this.#channel.phase = 'transaction'
  }

  /** How long the server lets the session be silent, in milliseconds; undefined when it outlasts `maxMs`. */
  async idle(maxMs: number): Promise<number | undefined> {
    const begun = performance.now()
    try {
      // Whatever it says unasked is its last word.
      if (this.#channel.unreadOctets === 0) await this.#channel.more(maxMs, this.#reach.signal)
      return performance.now() - begun
    } catch (error) {
      if (!(error instanceof Pop3Error) || error.code === 'aborted') throw error
      return error.code === 'timeout' ? undefined : performance.now() - begun
    }
  }

  /** Whether the server closes the connection, within the patience. */
  async closes(): Promise<boolean> {
    try {
      await this.#more()
      return false
    } catch (error) {
      return error instanceof Pop3Error && error.code === 'connection-lost'
    }
  }

  /** Closes the connection without QUIT. */
  leave(): void {
    this.#channel.fail('closed', 'the visit is over')
  }

  async #line(untilMs: number): Promise<Buffer> {
    for (;;) {
      const line = this.#channel.takeLine(limits.lineOctets)
      if (line) {
        if (line.at(-1) === cr) return line.subarray(0, -1)
        this.oddities.add('bare-lf')
        return line
      }
      await this.#more(untilMs)
    }
  }

  async #more(untilMs = Number.POSITIVE_INFINITY): Promise<void> {
    const { patienceMs, signal } = this.#reach
    const leftMs = untilMs - performance.now()
    if (leftMs <= 0) throw this.#channel.fail('timeout', 'the answer came too slowly')
    await this.#channel.more(Math.min(patienceMs, leftMs), signal)
  }
}

function tlsOf({ certificate, pin }: Reach, judges: boolean) {
  if (!judges) return { ...certificate, verify: false, alpn: 'pop3' }
  const pins = typeof pin === 'string' ? [pin] : pin
  return { ...certificate, ...(pins && { pins }), alpn: 'pop3' }
}

const shownCharacters = 80

/** What a server said, for a sentence: in quotes, escaped, cut. */
export function quoted(latin1: string): string {
  const text = latin1.slice(0, shownCharacters).replace(/[^\x20-\x7e]/g, '?')
  return latin1.length > shownCharacters ? `\`${text}\`...` : `\`${text}\``
}
