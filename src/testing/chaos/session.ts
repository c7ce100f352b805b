// One client in front of the server: its commands go through one at a time, and so do the replies, unless a rule has a fault
// for them. What passes without a fault is not looked into beyond where it ends. TLS that the server grants is done on both sides.
import type { Connection, ConnectionHandler } from '../../net/connection.ts'
import type { TlsServerOptions } from '../../net/tls.ts'
import type { ChannelTies } from './channel-ties.ts'
import type { Chaos, Chosen } from './chaos.ts'
import { type Dialect, readCommand } from './dialect.ts'
import { claimedIn, type Exchange, endOfData, greeting, type Reply, type Step, textOf } from './exchange.ts'
import { type Fault, type FaultOptions, faults } from './faults.ts'
import { Incoming } from './incoming.ts'
import { MailTransaction } from './mail-transaction.ts'
import { perform, type StepClient, swallow } from './steps.ts'
import { Upstream, type UpstreamAddress } from './upstream.ts'

export interface ChaosSessionParts {
  readonly chaos: Chaos
  readonly dialect: Dialect
  /** For TLS that begins in the middle of the session. */
  readonly tls: TlsServerOptions
  readonly ties: ChannelTies
}

type Outcome = 'over' | 'challenge' | 'message' | 'tls' | undefined

/** What will be said of a message, in LMTP to one recipient: chosen before DATA, for what is refused must not reach the server. */
interface Verdict {
  readonly exchange: Exchange
  readonly chosen: Chosen | undefined
  /** In place of the server's. */
  readonly instead: readonly Step[] | undefined
}

const toMessage = Buffer.from('354 go ahead\r\n')

export class ChaosSession implements ConnectionHandler, StepClient {
  readonly incoming: Incoming
  readonly quiet: Promise<void>
  readonly #connection: Connection
  readonly #parts: ChaosSessionParts
  readonly #leaving = new AbortController()
  readonly #memory = new Map<string, string>()
  readonly #transaction = new MailTransaction()
  /** Resolves when the connection is closed. */
  readonly #gone: Promise<void>
  #upstream: Upstream | undefined
  #untie: () => void = () => {}
  #user: string | undefined
  #endInput: () => void = () => {}

  constructor(connection: Connection, parts: ChaosSessionParts) {
    this.#connection = connection
    this.#parts = parts
    this.incoming = new Incoming({ pause: () => connection.pause(), resume: () => connection.resume() })
    this.#gone = new Promise(resolve => {
      this.#leaving.signal.addEventListener('abort', () => resolve())
    })
    this.quiet = new Promise(resolve => {
      this.#endInput = resolve
    })
    connection.handleWith(this)
  }

  get leaving(): AbortSignal {
    return this.#leaving.signal
  }

  /** Resolves when nothing of the session is left. */
  async run(server: UpstreamAddress): Promise<void> {
    try {
      const upstream = await Upstream.open(server, this.leaving)
      this.#upstream = upstream
      this.#tie(upstream)
      await this.#converse(upstream)
      this.#connection.end()
    } catch (error) {
      this.#connection.cut()
      if (!this.leaving.aborted) throw error
    } finally {
      this.#upstream?.cut()
      this.#untie()
    }
    await this.#gone
  }

  received(chunk: Uint8Array): void {
    this.incoming.push(chunk)
  }

  inputEnded(): void {
    this.incoming.end()
    this.#endInput()
  }

  closed(): void {
    this.inputEnded()
    this.#leaving.abort()
    this.#upstream?.cut()
  }

  async send(octets: Uint8Array): Promise<void> {
    this.#connection.sendOctets(octets)
    this.#connection.flush()
    await this.#connection.drained()
  }

  async #converse(upstream: Upstream): Promise<void> {
    const { chaos } = this.#parts
    const first = this.#exchangeOf(greeting)
    if ((await this.#answer(upstream, first, chaos.choose(first))) === 'over') return
    for (;;) {
      const line = await this.#nextLine(upstream)
      if (line === undefined) break
      if ((await this.#exchange(upstream, line)) === 'over') return
    }
    upstream.end()
    await this.#passOn(upstream)
  }

  /** Unasked words, such as those of a server that closes. */
  async #passOn(upstream: Upstream): Promise<void> {
    const { incoming } = upstream
    for (;;) {
      const rest = incoming.rest()
      if (rest.length > 0) await this.send(rest)
      else if (incoming.hasEnded) return
      else await incoming.changed()
    }
  }

  /** Undefined when no more commands come, or the server speaks unasked. */
  async #nextLine(upstream: Upstream): Promise<Buffer | undefined> {
    const { incoming } = this
    while (!incoming.hasLine) {
      if (incoming.hasEnded || upstream.incoming.pendingOctets > 0 || upstream.incoming.hasEnded)
        return undefined
      await Promise.race([incoming.changed(), upstream.incoming.changed()])
    }
    return incoming.line()
  }

  async #exchange(upstream: Upstream, line: Buffer): Promise<'over' | undefined> {
    const asked = this.#read(line)
    const verdicts = this.#verdicts(asked)
    const chosen = this.#parts.chaos.choose(asked)
    const instead = this.#stepsInstead(asked, chosen)
    if (instead) {
      this.#note(asked, chosen)
      return (await perform(instead, this)) ?? (asked.verb === 'QUIT' ? 'over' : undefined)
    }
    const refused = verdicts.filter(verdict => verdict.instead)
    if (refused.length > 0) await this.#keepFrom(upstream, verdicts)
    if (refused.length > 0 && refused.length === verdicts.length) {
      await this.send(toMessage)
      await swallow(this.incoming, Number.POSITIVE_INFINITY)
      return this.#tellVerdicts(upstream, verdicts)
    }
    if (this.#startsTls(asked) && this.incoming.pendingOctets > 0) {
      // What stands behind it in clear is the server's to refuse.
      await upstream.send(Buffer.concat([line, this.incoming.rest()]))
      await this.#passOn(upstream)
      return 'over'
    }
    if (this.#startsTls(asked)) this.#connection.pause()
    await upstream.send(line)
    let outcome = await this.#answer(upstream, asked, chosen)
    if (outcome === 'tls') outcome = await this.#startTls(upstream)
    else if (this.#startsTls(asked)) this.#connection.resume()
    if (outcome === 'message') {
      for await (const piece of this.incoming.mailData()) await upstream.send(piece)
      outcome = await this.#tellVerdicts(upstream, verdicts)
    }
    for (let nth = 1; outcome === 'challenge'; nth += 1) outcome = await this.#respond(upstream, asked, nth)
    return outcome === 'over' ? outcome : undefined
  }

  /** In SMTP one, in LMTP one of each recipient. */
  #verdicts({ verb }: Exchange): readonly Verdict[] {
    const { protocol } = this.#parts.dialect
    if (protocol === 'pop3' || verb !== 'DATA') return []
    const { recipients } = this.#transaction
    const told = protocol === 'lmtp' ? recipients : recipients.slice(0, 1).map(() => '')
    return told.map(argument => {
      const exchange = { ...this.#exchangeOf(endOfData), argument }
      const chosen = this.#parts.chaos.choose(exchange)
      return { exchange, chosen, instead: this.#stepsInstead(exchange, chosen) }
    })
  }

  /** The server has no transaction any more, or one without the recipients that are refused. */
  async #keepFrom(upstream: Upstream, verdicts: readonly Verdict[]): Promise<void> {
    const kept = verdicts.filter(({ instead }) => !instead).map(({ exchange }) => exchange.argument)
    const commands = this.#transaction.narrow(kept)
    for (const command of kept.length > 0 ? commands : commands.slice(0, 1)) {
      await upstream.send(Buffer.from(command, 'latin1'))
      const status = (await this.#readStatus(upstream)).toString('latin1')
      if (!status.startsWith('2'))
        throw new Error(`the server does not repeat what it has accepted: ${status}`)
    }
  }

  /** In order; behind them there is no transaction. */
  async #tellVerdicts(upstream: Upstream, verdicts: readonly Verdict[]): Promise<'over' | undefined> {
    this.#transaction.end()
    for (const { exchange, chosen, instead } of verdicts) {
      if (instead) this.#note(exchange, chosen)
      const outcome = await (instead ? perform(instead, this) : this.#answer(upstream, exchange, chosen))
      if (outcome === 'over') return outcome
    }
    return undefined
  }

  async #respond(upstream: Upstream, asked: Exchange, nth: number): Promise<Outcome> {
    const response = await this.#nextLine(upstream)
    if (response === undefined) return 'over'
    const [mechanism = '', initial] = asked.argument.split(' ')
    // Of LOGIN the second is the password.
    if (nth === 1 && initial === undefined) this.#claim(response.toString('latin1').trim(), mechanism)
    await upstream.send(response)
    return this.#answer(upstream, asked, undefined)
  }

  #read(line: Buffer): Exchange {
    const exchange = readCommand(line.toString('latin1'), this.#user, this.#parts.dialect)
    const [mechanism = '', initial] = exchange.argument.split(' ')
    this.#user = exchange.user
    if (exchange.verb === 'AUTH' && initial !== undefined) this.#claim(initial, mechanism)
    return { ...exchange, user: this.#user }
  }

  #claim(response: string, mechanism: string): void {
    this.#user = claimedIn(response, mechanism.toUpperCase()) ?? this.#user
  }

  #exchangeOf(verb: string): Exchange {
    return { protocol: this.#parts.dialect.protocol, verb, argument: '', user: this.#user }
  }

  #startsTls({ verb }: Exchange): boolean {
    return verb === (this.#parts.dialect.protocol === 'pop3' ? 'STLS' : 'STARTTLS')
  }

  #stepsInstead(exchange: Exchange, chosen: Chosen | undefined): readonly Step[] | undefined {
    if (!chosen || exchange.verb === greeting) return undefined
    const context = { exchange, random: chosen.random, memory: this.#memory }
    return faultOf(chosen).instead?.(chosen.rule, context)
  }

  #note(exchange: Exchange, chosen: Chosen | undefined): void {
    if (chosen) this.#parts.chaos.note(chosen.rule, exchange)
  }

  async #readStatus(upstream: Upstream): Promise<Buffer> {
    const lines: Buffer[] = []
    for (;;) {
      const line = await upstream.incoming.line()
      lines.push(line)
      if (line.length === 0 || !this.#parts.dialect.isContinued(line.toString('latin1')))
        return Buffer.concat(lines)
    }
  }

  async #answer(upstream: Upstream, exchange: Exchange, chosen: Chosen | undefined): Promise<Outcome> {
    const status = await this.#readStatus(upstream)
    if (status.length === 0) return 'over'
    const text = status.toString('latin1')
    const isLong = this.#parts.dialect.hasBody(exchange, text)
    const outcome = this.#outcomeOf(exchange, text)
    this.#transaction.note(exchange, text)
    if (!chosen) {
      await this.send(status)
      if (isLong) for await (const piece of upstream.incoming.body()) await this.send(piece)
      return outcome
    }
    const pieces: Buffer[] = []
    if (isLong) for await (const piece of upstream.incoming.body()) pieces.push(piece)
    const reply = { status: text, body: isLong ? Buffer.concat(pieces).toString('latin1') : undefined }
    const steps = this.#stepsOf(reply, exchange, chosen)
    if (steps) this.#note(exchange, chosen)
    return (await perform(steps ?? [{ kind: 'send', text: textOf(reply) }], this)) ?? outcome
  }

  #outcomeOf(exchange: Exchange, status: string): Outcome {
    const { dialect } = this.#parts
    if (dialect.isChallenge(status)) return 'challenge'
    if (dialect.isFarewell(exchange, status)) return 'over'
    if (dialect.asksForMessage(exchange, status)) return 'message'
    return dialect.startsTls(exchange, status) ? 'tls' : undefined
  }

  /** The greeting has come already: what stands in place of it is a change. */
  #stepsOf(reply: Reply, exchange: Exchange, chosen: Chosen): readonly Step[] | undefined {
    const { rule, random } = chosen
    const context = { exchange, random, memory: this.#memory }
    const { instead, change } = faultOf(chosen)
    const replaced = exchange.verb === greeting ? instead?.(rule, context) : undefined
    const steps = replaced ?? change?.(reply, rule, context)
    const [first] = steps ?? []
    const isSame = first?.kind === 'send' && first.text === textOf(reply) && steps?.length === 1
    return isSame ? undefined : steps
  }

  /** Nothing may lie between the last word in clear and this. */
  async #startTls(upstream: Upstream): Promise<'over' | undefined> {
    try {
      const secured = this.#connection.startTls(this.#parts.tls)
      await Promise.all([secured, upstream.startTls(this.leaving)])
    } catch {
      return 'over'
    }
    this.#user = undefined
    this.#tie(upstream)
    this.#connection.resume()
    return undefined
  }

  /** A login is bound to the client's channel, not to the one behind it. */
  #tie(upstream: Upstream): void {
    const { channel } = this.#connection
    const { exporter } = upstream
    if (channel && exporter) this.#untie = this.#parts.ties.add(exporter, channel)
  }
}

/** Its options are those of its own fault. */
function faultOf({ rule }: Chosen): Fault<FaultOptions[keyof FaultOptions]> {
  return faults[rule.fault] as Fault<FaultOptions[keyof FaultOptions]>
}
