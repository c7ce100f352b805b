// One client in front of the server: its commands go through one at a time, and so do the replies, unless a rule has a fault
// for them. What passes without a fault is not looked into beyond where it ends.
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import type { Connection, ConnectionHandler } from '../../net/connection.ts'
import type { DialAddress } from '../../net/dialer.ts'
import { LineReader, tooLong } from '../../net/line-reader.ts'
import type { Chaos, Chosen } from './chaos.ts'
import {
  claimedIn,
  type Exchange,
  greeting,
  hasBody,
  isChallenge,
  type Reply,
  readCommand,
} from './exchange.ts'
import { type Fault, type FaultOptions, faults, type Step } from './faults.ts'
import { Upstream } from './upstream.ts'

/** Far beyond what the server takes. */
const lineLimits = { octets: 64 * 1024 }

export class ChaosSession implements ConnectionHandler {
  readonly #connection: Connection
  readonly #chaos: Chaos
  readonly #leaving = new AbortController()
  readonly #lines = new LineReader()
  readonly #memory = new Map<string, string>()
  /** Resolves when the connection is closed. */
  readonly #gone: Promise<void>
  /** Resolves when the client sends no more. */
  readonly #quiet: Promise<void>
  #upstream: Upstream | undefined
  #user: string | undefined
  #inputHasEnded = false
  #endInput: () => void = () => {}
  #wake: () => void = () => {}

  constructor(connection: Connection, chaos: Chaos) {
    this.#connection = connection
    this.#chaos = chaos
    this.#gone = new Promise(resolve => {
      this.#leaving.signal.addEventListener('abort', () => resolve())
    })
    this.#quiet = new Promise(resolve => {
      this.#endInput = resolve
    })
    connection.handleWith(this)
  }

  /** Resolves when nothing of the session is left. */
  async run(server: DialAddress): Promise<void> {
    try {
      const upstream = await Upstream.open(server, this.#leaving.signal)
      this.#upstream = upstream
      await this.#converse(upstream)
      this.#connection.end()
    } catch (error) {
      this.#connection.cut()
      if (!this.#leaving.signal.aborted) throw error
    } finally {
      this.#upstream?.cut()
    }
    await this.#gone
  }

  received(chunk: Uint8Array): void {
    this.#lines.push(chunk)
    if (this.#lines.pendingOctets > lineLimits.octets) this.#connection.pause()
    this.#wake()
  }

  inputEnded(): void {
    this.#inputHasEnded = true
    this.#endInput()
    this.#wake()
  }

  closed(): void {
    this.inputEnded()
    this.#leaving.abort()
    this.#upstream?.cut()
  }

  async #converse(upstream: Upstream): Promise<void> {
    const first: Exchange = { verb: greeting, argument: '', user: undefined }
    if ((await this.#answer(upstream, first, this.#chaos.choose(first))) === 'over') return
    for (;;) {
      const line = await this.#nextLine(upstream)
      if (line === undefined) break
      if ((await this.#exchange(upstream, line)) === 'over') return
    }
    upstream.end()
    // Unasked words, such as those of a server that closes.
    for (let rest = upstream.rest(); rest.length > 0; rest = upstream.rest()) {
      await this.#send(rest)
      await upstream.readable()
    }
  }

  /** Undefined when no more commands come, or the server speaks unasked. */
  async #nextLine(upstream: Upstream): Promise<Uint8Array | undefined> {
    for (;;) {
      const line = this.#lines.next(lineLimits)
      if (line === tooLong) throw new Error('a line longer than any server takes')
      if (line !== undefined) return line
      if (this.#inputHasEnded) return undefined
      this.#connection.resume()
      let isUnasked = false
      const woken = new Promise<void>(resolve => {
        this.#wake = resolve
      })
      await Promise.race([woken, upstream.readable().then(() => (isUnasked = true))])
      if (!isUnasked) continue
      // Both may have come about; a command counts.
      const last = this.#lines.next(lineLimits)
      return last === tooLong ? undefined : last
    }
  }

  async #exchange(upstream: Upstream, line: Uint8Array): Promise<'over' | undefined> {
    const exchange = readCommand(Buffer.from(line).toString('latin1'), this.#user)
    const [mechanism = '', initial] = exchange.argument.split(' ')
    this.#user = exchange.user
    if (exchange.verb === 'AUTH' && initial !== undefined) this.#claim(initial, mechanism)
    const asked = { ...exchange, user: this.#user }
    const chosen = this.#chaos.choose(asked)
    const instead = chosen && faultOf(chosen).instead?.(chosen.rule)
    if (chosen && instead !== undefined) {
      this.#chaos.note(chosen.rule, asked)
      await this.#send(Buffer.from(instead, 'latin1'))
      return undefined
    }
    upstream.send(line)
    let outcome = await this.#answer(upstream, asked, chosen)
    for (let nth = 1; outcome === 'challenge'; nth += 1) {
      const response = await this.#nextLine(upstream)
      if (response === undefined) return 'over'
      if (nth === 1 && initial === undefined) this.#claim(Buffer.from(response).toString('latin1'), mechanism)
      upstream.send(response)
      outcome = await this.#answer(upstream, asked, undefined)
    }
    return outcome
  }

  #claim(response: string, mechanism: string): void {
    this.#user = claimedIn(response, mechanism.toUpperCase()) ?? this.#user
  }

  async #answer(
    upstream: Upstream,
    exchange: Exchange,
    chosen: Chosen | undefined,
  ): Promise<'over' | 'challenge' | undefined> {
    const status = await upstream.line()
    if (status.length === 0) return 'over'
    const text = status.toString('latin1')
    const isLong = hasBody(exchange, text)
    const outcome = isChallenge(text)
      ? 'challenge'
      : exchange.verb === 'QUIT' && text.startsWith('+OK')
        ? 'over'
        : undefined
    if (!chosen) {
      await this.#send(status)
      if (isLong) for await (const piece of upstream.body()) await this.#send(piece)
      return outcome
    }
    const pieces: Buffer[] = []
    if (isLong) for await (const piece of upstream.body()) pieces.push(piece)
    const reply = { status: text, body: isLong ? Buffer.concat(pieces).toString('latin1') : undefined }
    const steps = this.#stepsOf(reply, exchange, chosen)
    if (steps) this.#chaos.note(chosen.rule, exchange)
    for (const step of steps ?? [{ kind: 'send', text: wholeOf(reply) } as const])
      if ((await this.#do(step)) === 'over') return 'over'
    return outcome
  }

  #stepsOf(reply: Reply, exchange: Exchange, chosen: Chosen): readonly Step[] | undefined {
    const { rule, random } = chosen
    const steps = faultOf(chosen).change?.(reply, rule, { exchange, random, memory: this.#memory })
    const [first] = steps ?? []
    const isSame = first?.kind === 'send' && first.text === wholeOf(reply) && steps?.length === 1
    return isSame ? undefined : steps
  }

  async #do(step: Step): Promise<'over' | undefined> {
    switch (step.kind) {
      case 'send':
        await this.#send(Buffer.from(step.text, 'latin1'))
        return undefined
      case 'trickle':
        await this.#trickle(step)
        return undefined
      case 'hang':
        await this.#quiet
        return 'over'
      case 'close':
        return 'over'
    }
  }

  async #trickle({ text, octets, everyMs }: Extract<Step, { kind: 'trickle' }>): Promise<void> {
    const all = Buffer.from(text, 'latin1')
    for (let at = 0; at < all.length && !this.#leaving.signal.aborted; at += Math.max(1, octets)) {
      await this.#send(all.subarray(at, at + Math.max(1, octets)))
      // With nothing between them two writes may leave as one packet.
      await (everyMs > 0 ? sleep(everyMs) : turn())
    }
  }

  async #send(octets: Uint8Array): Promise<void> {
    this.#connection.sendOctets(octets)
    this.#connection.flush()
    await this.#connection.drained()
  }
}

function wholeOf({ status, body = '' }: Reply): string {
  return status + body
}

/** Its options are those of its own fault. */
function faultOf({ rule }: Chosen): Fault<FaultOptions[keyof FaultOptions]> {
  return faults[rule.fault] as Fault<FaultOptions[keyof FaultOptions]>
}
