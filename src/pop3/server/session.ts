// One POP3 session, without a socket: octets come in, replies go out through an outlet. Commands are answered strictly
// in order, each reply finished before the next command begins, however they were packed (RFC 2449 section 6.6).
import type { LoginOrigin, SecureChannel } from '../../auth/login.ts'
import { LoginAbandonment } from '../../auth/login-abandonment.ts'
import { createId } from '../../mail/id.ts'
import type { MessageForm } from '../../mail/maildrop-store.ts'
import { LineAge } from '../../net/line-age.ts'
import { LineReader, tooLong } from '../../net/line-reader.ts'
import type { ObservedSession, TracedLine, Tracer } from '../../net/observer.ts'
import { looksProxied } from '../../net/proxy-protocol.ts'
import type { PooledSession } from '../../net/session-pool.ts'
import { tlsHandshakeOctet } from '../../net/tls.ts'
import { Transmission } from '../../net/transmission.ts'
import { parseCommand, type Verb } from '../wire/command.ts'
import { commandLineOctets, lineLimit, saslLineOctets } from '../wire/limits.ts'
import { ok } from '../wire/reply.ts'
import { handlerOf } from './commands.ts'
import { failureReply, logFault } from './failure.ts'
import { defaultLanguage } from './languages/languages.ts'
import { refusalDelayMs } from './limits.ts'
import type { SecurableOutlet } from './outlet.ts'
import { respond } from './sasl.ts'
import {
  type Answer,
  type EndReason,
  type Pop3Services,
  type SessionContext,
  type SessionCounts,
  type SessionState,
  type TransactionState,
} from './state.ts'
import { resultOf, tracedAnswer, tracedCommand } from './traced-lines.ts'
import { keepRetrieved, release } from './update.ts'

const lineLimits = { octets: commandLineOctets, extend: lineLimit }
const responseLimits = { octets: saslLineOctets }
/** Octets of commands that may wait while one is answered. */
const maxPendingOctets = 16 * 1024
/** Inactivity that makes a session give way to a drain. */
const drainIdleMs = 1_000

const freshState: SessionState = { kind: 'authorization', user: undefined }

type ObservedVerb = Verb | 'other'

export class Session implements SessionContext, ObservedSession, PooledSession {
  readonly id: string = createId()
  readonly protocol = 'pop3'
  readonly peer: string
  readonly services: Pop3Services
  readonly counts: SessionCounts = {
    commands: 0,
    badCommands: 0,
    loginFailures: 0,
    retrieved: 0,
    deleted: 0,
  }
  readonly timestamp: string | undefined
  user: string | undefined
  mechanism: string | undefined
  language = defaultLanguage
  form: MessageForm = 'ascii'
  readonly startedAtMs = performance.now()
  tracer: Tracer | undefined
  #state: SessionState = freshState

  readonly #outlet: SecurableOutlet
  readonly #transmission: Transmission
  readonly #onGone: (session: Session, reason: EndReason) => void
  readonly #lines = new LineReader()
  readonly #lineAge = new LineAge()
  #activeAtMs = this.startedAtMs
  /** Of the command that is being answered. */
  #verb: ObservedVerb = 'other'
  /** A command is being answered; others wait. */
  #busy = false
  /** The handshake behind STLS is under way. */
  #securing = false
  /** A multi-line reply has begun and not ended. */
  #inBody = false
  #paused = false
  #inputHasEnded = false
  #draining = false
  #releasing = false
  #isConnected = true
  #isGone = false
  /** Tells a login under way that the session has ended. */
  #abandonment: LoginAbandonment | undefined
  #endReason: EndReason = 'dropped'
  #endPause: (() => void) | undefined

  /** `onGone` is called once, when nothing of the session is left: no lock, no command, no connection. */
  constructor(
    services: Pop3Services,
    outlet: SecurableOutlet,
    peer: string,
    onGone: (session: Session, reason: EndReason) => void,
  ) {
    this.services = services
    this.peer = peer
    this.#outlet = outlet
    this.#transmission = new Transmission(outlet)
    this.#onGone = onGone
    // A timestamp in angle brackets offers APOP, RFC 1939 section 7; the session's id makes it one that never was before.
    if (services.authenticator.apop?.isOffered) this.timestamp = `<${this.id}@${services.hostname}>`
    services.observer?.opened?.(this)
    const timestamp = this.timestamp === undefined ? '' : ` ${this.timestamp}`
    this.#say(ok(`${services.hostname} POP3 server ready${timestamp}`))
    outlet.flush()
  }

  get state(): SessionState {
    return this.#state
  }

  set state(next: SessionState) {
    this.#state = next
    this.services.observer?.stateChanged?.(this)
  }

  get channel(): SecureChannel | undefined {
    return this.#outlet.channel
  }

  get service(): string {
    return this.services.service
  }

  get stateName(): SessionState['kind'] {
    return this.#state.kind
  }

  get octetsIn(): number {
    return this.#outlet.octetsIn
  }

  get octetsOut(): number {
    return this.#outlet.octetsOut
  }

  get commandCount(): number {
    return this.counts.commands
  }

  get activeAtMs(): number {
    return this.#activeAtMs
  }

  get origin(): LoginOrigin {
    const { peer, id: sessionId, channel } = this
    this.#abandonment ??= new LoginAbandonment()
    return { protocol: 'pop3', peer, sessionId, channel, signal: this.#abandonment }
  }

  get mayLogIn(): boolean {
    return this.channel !== undefined || this.services.mayLogInClear(this.peer)
  }

  get hasEnded(): boolean {
    return this.state.kind === 'ended'
  }

  /** AUTHORIZATION as RFC 1939 means it, AUTH under way included. */
  get #isBeforeLogin(): boolean {
    return this.state.kind === 'authorization' || this.state.kind === 'authenticating'
  }

  received(chunk: Uint8Array): void {
    if (this.state.kind === 'ended') return
    if (this.counts.commands === 0) {
      if (this.#isTlsInClear(chunk)) return this.#end('tls-in-clear')
      if (this.#lines.pendingOctets === 0 && looksProxied(chunk)) return this.#end('proxy-header')
    }
    this.#lines.push(chunk)
    this.#work()
    if (this.#busy && !this.#paused && this.#lines.pendingOctets > maxPendingOctets) {
      this.#paused = true
      this.#outlet.pause()
    }
  }

  /** Before the first command: a client that begins TLS would otherwise wait for an answer to it. */
  #isTlsInClear(chunk: Uint8Array): boolean {
    return chunk[0] === tlsHandshakeOctet && this.channel === undefined && this.#lines.pendingOctets === 0
  }

  inputEnded(): void {
    this.#inputHasEnded = true
    this.#work()
  }

  closed(): void {
    this.#isConnected = false
    // A running UPDATE is not stopped; its outcome stands, and ends the session.
    if (this.state.kind !== 'update') this.#end(this.#securing ? 'tls-failed' : 'dropped')
    this.#leave()
  }

  /** To be called every now and then: ends what has been idle or stuck for too long. */
  sweep(nowMs: number): void {
    const { limits } = this.services
    if (this.state.kind === 'ended') return
    if (this.#outlet.stalledMs(nowMs) > limits.writeTimeoutMs) return this.#end('slow-reader')
    const { minOctetsPerSecond, writeTimeoutMs } = limits
    if (this.#outlet.takesLessThan(minOctetsPerSecond, writeTimeoutMs, nowMs)) return this.#end('slow-reader')
    if (this.#busy) return
    if (this.#lineAge.of(this.#lines, this.counts.commands, nowMs) > limits.lineTimeoutMs) {
      return this.#end('slow-writer')
    }
    const idleMs = nowMs - this.#activeAtMs
    const patienceMs = this.#isBeforeLogin ? limits.authorizationTimeoutMs : limits.autologoutMs
    // Without a word: RFC 1939 section 3.
    if (idleMs > patienceMs) this.#end('autologout')
    else if (this.#draining && idleMs > drainIdleMs) this.terminate('drain')
  }

  /** Nobody may log in any more; who has may go on, while not idle, until `terminate`. */
  drain(): void {
    this.#draining = true
    if (this.#isBeforeLogin && !this.#busy) this.terminate('drain')
  }

  /** Ends the session now, deleting nothing; only a running UPDATE is waited for. */
  terminate(reason: 'drain' | 'closed' | 'killed'): void {
    if (this.state.kind === 'ended' || this.state.kind === 'update') return
    const { endedByOperator, shuttingDown } = this.language.answers
    if (!this.#inBody) this.#say((reason === 'killed' ? endedByOperator : shuttingDown).text)
    this.#end(reason)
  }

  endByOperator(): void {
    this.terminate('killed')
  }

  /** Answers what has come in, in order, as far as it can be answered at once. */
  #work(): void {
    while (!this.#busy && this.state.kind !== 'ended') {
      const line = this.#lines.next(this.state.kind === 'authenticating' ? responseLimits : lineLimits)
      if (line === undefined) break
      const answer = this.#answer(line)
      if (answer instanceof Promise || needsTime(answer)) void this.#occupy(this.#giveInTime(answer))
      else {
        this.#give(answer)
        if (this.#transmission.mustWait) void this.#occupy(this.#transmission.pace())
      }
    }
    if (this.#busy) this.#outlet.flushSoon()
    else this.#rest()
  }

  /** Nothing is left to answer. */
  #rest(): void {
    if (this.state.kind === 'ended') return
    this.#outlet.flush()
    if (this.#inputHasEnded) this.#end('dropped')
    else if (this.#draining && this.#isBeforeLogin) this.terminate('drain')
    else if (this.#paused) {
      this.#paused = false
      this.#outlet.resume()
    }
  }

  #answer(line: Uint8Array | typeof tooLong): Answer | Promise<Answer> {
    this.#activeAtMs = performance.now()
    this.counts.commands += 1
    const { state } = this
    if (this.tracer) this.#trace(tracedCommand(line === tooLong ? undefined : line, state.kind))
    this.#verb = state.kind === 'authenticating' ? 'AUTH' : 'other'
    if (state.kind === 'authenticating') return respond(this, state, line === tooLong ? undefined : line)
    if (line === tooLong) return this.language.answers.lineTooLong
    const command = parseCommand(line)
    if (command.verb === undefined) return this.language.answers.problems[command.problem]
    this.#verb = command.verb
    if (state.kind !== 'authorization' && state.kind !== 'transaction')
      return this.language.answers.notInThisState
    const handler = handlerOf(command.verb, state.kind)
    if (!handler) return this.language.answers.notInThisState
    try {
      return handler(this, state, command)
    } catch (error) {
      return { text: failureReply(error, this, command.verb) }
    }
  }

  /** Keeps later commands waiting while something takes its time, then goes on with them. */
  async #occupy(task: Promise<void>): Promise<void> {
    this.#busy = true
    try {
      await task
    } catch (error) {
      // In mid-body nothing can be said any more: an early end is the only way to tell.
      if (this.#inBody) {
        logFault(error, this, 'multi-line reply')
        this.#end('fault')
      } else {
        const reply = failureReply(error, this, 'command')
        this.#say(reply)
        this.#answered(reply)
      }
    }
    this.#busy = false
    this.#activeAtMs = performance.now()
    if (this.state.kind === 'ended') this.#leave()
    else this.#work()
  }

  #give(answer: Answer): void {
    this.#say(answer.text)
    this.#answered(answer.text)
    if (answer.end !== undefined) this.#end(answer.end)
  }

  /** An answer that is waited for, that waits itself, or that goes on over many lines. */
  async #giveInTime(pending: Answer | Promise<Answer>): Promise<void> {
    const answer = pending instanceof Promise ? await pending : pending
    if (answer.refused !== undefined) await this.#giveRefusal(answer, answer.refused)
    else if (answer.startTls) await this.#secure(answer)
    else if (answer.message ?? answer.lines) await this.#giveBody(answer)
    else this.#give(answer)
    if (this.#transmission.mustWait) await this.#transmission.pace()
  }

  /** The more refusals, the later they come; after too many the connection is closed. */
  async #giveRefusal(answer: Answer, kind: 'bad-command' | 'login'): Promise<void> {
    const { counts, services, state } = this
    if (kind === 'login') counts.loginFailures += 1
    else counts.badCommands += 1
    const refusals = counts.badCommands + counts.loginFailures
    const delayMs = refusalDelayMs(services.limits, refusals)
    if (delayMs > 0) {
      this.#outlet.flush()
      await this.#pause(delayMs)
    }
    this.#give(answer)
    const { badCommandsBeforeLogin, badCommands, loginFailures } = services.limits
    if (counts.loginFailures >= loginFailures) this.#end('login-failures')
    else if (refusals >= (state.kind === 'transaction' ? badCommands : badCommandsBeforeLogin)) {
      this.#end('bad-commands')
    }
  }

  /**
   * STLS. What came in clear behind it would be taken for the first command of the protected session: it closes the
   * connection instead. Behind the handshake everything starts afresh.
   */
  async #secure({ text }: Answer): Promise<void> {
    const { tls } = this.services
    if (!tls || this.#lines.pendingOctets > 0) return this.#end('injection')
    this.#say(text)
    this.#answered(text)
    this.#outlet.flush()
    this.#securing = true
    try {
      await this.#outlet.startTls(tls)
    } catch {
      this.#end('tls-failed')
    }
    this.#securing = false
    if (this.state.kind === 'ended') return
    this.state = freshState
    this.language = defaultLanguage
    this.form = 'ascii'
    if (this.tracer) this.#trace({ from: 'note', text: `TLS: ${this.channel?.version ?? ''}` })
  }

  /** Waits, but not beyond the end of the session. */
  #pause(durationMs: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, durationMs)
      this.#endPause = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async #giveBody({ text, message, lines, onSent }: Answer): Promise<void> {
    this.#inBody = true
    this.#say(text)
    const before = this.octetsOut
    if (lines) await this.#transmission.sendLines(lines)
    if (message) await this.#transmission.sendMessage(message)
    this.#inBody = false
    this.#answered(text)
    if (this.tracer)
      this.#trace({ from: 'note', text: `${this.octetsOut - before} octets of content and end` })
    if (message?.octets === undefined || !this.#outlet.isOpen) return
    this.counts.retrieved += 1
    onSent?.()
  }

  #end(reason: EndReason): void {
    const { state } = this
    if (state.kind === 'ended') return
    this.state = { kind: 'ended' }
    this.#endReason = reason
    this.#endPause?.()
    this.#abandonment?.abort()
    if (this.#inBody || reason === 'slow-reader' || reason === 'closed') this.#outlet.cut()
    else this.#outlet.end()
    this.#logSummary(reason)
    if (this.tracer) this.#trace({ from: 'note', text: `ended: ${reason}` })
    this.services.observer?.ended?.(this, reason)
    if (state.kind === 'authenticating') state.exchange.abandon?.()
    if (state.kind === 'transaction') void this.#release(state)
    else this.#leave()
  }

  async #release({ maildrop, afterRetrieval }: TransactionState): Promise<void> {
    this.#releasing = true
    if (afterRetrieval === 'note') await keepRetrieved(this, maildrop)
    await release(this, maildrop)
    this.#releasing = false
    this.#leave()
  }

  #leave(): void {
    if (this.#isGone || this.#isConnected || this.#busy || this.#releasing) return
    this.#isGone = true
    this.#onGone(this, this.#endReason)
  }

  /** Tells that the command at hand was answered. */
  #answered(text: string | Uint8Array): void {
    const { observer } = this.services
    if (!observer?.command) return
    observer.command(this, this.#verb, resultOf(text), performance.now() - this.#activeAtMs)
  }

  /** Short replies all go out here. */
  #say(text: string | Uint8Array): void {
    if (this.tracer) for (const line of tracedAnswer(text)) this.#trace(line)
    this.#transmission.sendText(text)
  }

  #trace(line: TracedLine): void {
    this.tracer?.trace(this, line)
  }

  #logSummary(reason: EndReason): void {
    const { id, user, mechanism, peer, counts } = this
    const { octetsIn, octetsOut, channel } = this.#outlet
    const durationMs = Math.round(performance.now() - this.startedAtMs)
    this.services.log.info(
      {
        session: id,
        user,
        mechanism,
        peer,
        tls: channel?.version,
        ...counts,
        octetsIn,
        octetsOut,
        reason,
        durationMs,
      },
      'pop3 session',
    )
  }
}

function needsTime(answer: Answer): boolean {
  const { refused, startTls, lines, message } = answer
  return refused !== undefined || startTls !== undefined || lines !== undefined || message !== undefined
}
