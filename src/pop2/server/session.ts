// One POP2 session, RFC 937, without a socket: octets come in, replies go out through an outlet. Commands are answered in
// order; the first that is wrong ends the session, and then nothing is deleted.
import type { LoginOrigin } from '../../auth/login.ts'
import { LoginAbandonment } from '../../auth/login-abandonment.ts'
import { createId } from '../../mail/id.ts'
import type { SessionMaildrop } from '../../mail/session-maildrop.ts'
import { LineAge } from '../../net/line-age.ts'
import { LineReader, tooLong } from '../../net/line-reader.ts'
import type { ObservedSession, TracedLine, Tracer } from '../../net/observer.ts'
import type { PooledSession } from '../../net/session-pool.ts'
import { type Outlet, Transmission } from '../../net/transmission.ts'
import { commandLineOctets, parseCommand, type Verb } from '../wire/command.ts'
import { err, greeting } from '../wire/reply.ts'
import { handlerOf } from './commands.ts'
import { failureText, logFault } from './failure.ts'
import { abandon } from './mailbox.ts'
import {
  type Answer,
  type EndReason,
  failure,
  type Pop2Services,
  type SessionContext,
  type SessionCounts,
  type SessionState,
} from './state.ts'
import { tracedCommand } from './traced-lines.ts'

const lineLimits = { octets: commandLineOctets }
/** Octets of commands that may wait while one is answered. */
const maxPendingOctets = 4 * 1024
/** Inactivity that makes a session give way to a drain. */
const drainIdleMs = 1_000

const lineTooLong = failure('line too long', 'line-too-long')
const notNow = failure('not allowed in this state', 'bad-command')

export class Pop2Session implements SessionContext, ObservedSession, PooledSession {
  readonly protocol = 'pop2'
  readonly channel = undefined
  readonly id: string = createId()
  readonly peer: string
  readonly services: Pop2Services
  readonly counts: SessionCounts = { commands: 0, loginFailures: 0, retrieved: 0, deleted: 0 }
  readonly startedAtMs = performance.now()
  tracer: Tracer | undefined
  user: string | undefined
  #state: SessionState = { kind: 'AUTH' }

  readonly #outlet: Outlet
  readonly #transmission: Transmission
  readonly #onGone: (session: Pop2Session) => void
  readonly #lines = new LineReader()
  readonly #lineAge = new LineAge()
  #activeAtMs = this.startedAtMs
  /** Of the command that is being answered. */
  #verb: Verb | 'other' = 'other'
  /** A command is being answered; others wait. */
  #busy = false
  /** A message has begun and not ended. */
  #inBody = false
  #paused = false
  #inputHasEnded = false
  #draining = false
  #releasing = false
  #isConnected = true
  #isGone = false
  /** Why the session ends once its update is over. */
  #dueEnd: EndReason | undefined
  /** Tells a login under way that the session has ended. */
  readonly #abandonment = new LoginAbandonment()

  /** `onGone` is called once, when nothing of the session is left: no lock, no command, no connection. */
  constructor(services: Pop2Services, outlet: Outlet, peer: string, onGone: (session: Pop2Session) => void) {
    this.services = services
    this.peer = peer
    this.#outlet = outlet
    this.#transmission = new Transmission(outlet)
    this.#onGone = onGone
    services.observer?.opened?.(this)
    this.#say(greeting(services.hostname))
    outlet.flush()
  }

  get state(): SessionState {
    return this.#state
  }

  set state(next: SessionState) {
    this.#state = next
    this.services.observer?.stateChanged?.(this)
  }

  get service(): string {
    return this.services.service
  }

  get stateName(): string {
    return this.#state.kind.toLowerCase()
  }

  get mechanism(): string | undefined {
    return this.user === undefined ? undefined : 'HELO'
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

  /** To logins both are the post office protocol: an app password for POP3 is one for POP2. */
  get origin(): LoginOrigin {
    const { id: sessionId, peer } = this
    return { protocol: 'pop3', peer, sessionId, channel: undefined, signal: this.#abandonment }
  }

  get isEnding(): boolean {
    return this.hasEnded || this.#dueEnd !== undefined
  }

  get hasEnded(): boolean {
    return this.state.kind === 'ended'
  }

  received(chunk: Uint8Array): void {
    if (this.hasEnded) return
    this.#lines.push(chunk)
    this.#work()
    if (this.#busy && !this.#paused && this.#lines.pendingOctets > maxPendingOctets) {
      this.#paused = true
      this.#outlet.pause()
    }
  }

  inputEnded(): void {
    this.#inputHasEnded = true
    this.#work()
  }

  closed(): void {
    this.#isConnected = false
    this.#endSoon('dropped')
    this.#leave()
  }

  sweep(nowMs: number): void {
    const { limits } = this.services
    if (this.hasEnded) return
    if (this.#outlet.stalledMs(nowMs) > limits.writeTimeoutMs) return this.#end('slow-reader')
    const { minOctetsPerSecond, writeTimeoutMs } = limits
    if (this.#outlet.takesLessThan(minOctetsPerSecond, writeTimeoutMs, nowMs)) return this.#end('slow-reader')
    if (this.#busy) return
    if (this.#lineAge.of(this.#lines, this.counts.commands, nowMs) > limits.lineTimeoutMs) {
      return this.#end('slow-writer')
    }
    const idleMs = nowMs - this.#activeAtMs
    const patienceMs = this.state.kind === 'AUTH' ? limits.authorizationTimeoutMs : limits.autologoutMs
    if (idleMs > patienceMs) this.#end('autologout')
    else if (this.#draining && idleMs > drainIdleMs) this.terminate('drain')
  }

  drain(): void {
    this.#draining = true
    if (this.state.kind === 'AUTH' && !this.#busy) this.terminate('drain')
  }

  terminate(reason: 'drain' | 'closed' | 'killed'): void {
    if (this.hasEnded) return
    if (!this.#inBody && this.state.kind !== 'update') {
      this.#say(err(reason === 'killed' ? 'ended by an operator' : 'the server is shutting down'))
    }
    this.#endSoon(reason)
  }

  endByOperator(): void {
    this.terminate('killed')
  }

  /** A running update is not stopped: its outcome stands, and what FOLD would do behind it is not done. */
  #endSoon(reason: EndReason): void {
    if (this.state.kind === 'update') this.#dueEnd ??= reason
    else this.#end(reason)
  }

  /** Answers what has come in, in order, as far as it can be answered at once. */
  #work(): void {
    while (!this.#busy && !this.hasEnded) {
      const line = this.#lines.next(lineLimits)
      if (line === undefined) break
      const answer = this.#answer(line)
      if (answer instanceof Promise) void this.#occupy(this.#giveInTime(answer))
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
    if (this.hasEnded) return
    this.#outlet.flush()
    if (this.#inputHasEnded) this.#end('dropped')
    else if (this.#draining && this.state.kind === 'AUTH') this.terminate('drain')
    else if (this.#paused) {
      this.#paused = false
      this.#outlet.resume()
    }
  }

  #answer(line: Uint8Array | typeof tooLong): Answer | Promise<Answer> {
    this.#activeAtMs = performance.now()
    this.counts.commands += 1
    this.#verb = 'other'
    if (this.tracer) this.#trace(tracedCommand(line === tooLong ? undefined : line))
    if (line === tooLong) return lineTooLong
    const command = parseCommand(line)
    if (command.verb === undefined) return failure(command.problem, 'bad-command')
    this.#verb = command.verb
    const { state } = this
    if (state.kind === 'update' || state.kind === 'ended') return notNow
    const handler = handlerOf(command.verb, state.kind)
    return handler ? handler(this, state, command) : notNow
  }

  /** Keeps later commands waiting while something takes its time, then goes on with them. */
  async #occupy(task: Promise<void>): Promise<void> {
    this.#busy = true
    try {
      await task
    } catch (error) {
      // In mid-message nothing can be said any more: an early end is the only way to tell.
      if (this.#inBody) logFault(error, this, 'message')
      else this.#say(err(failureText(error, this, 'command')))
      this.#end('fault')
    }
    this.#busy = false
    this.#activeAtMs = performance.now()
    if (this.#dueEnd !== undefined) this.#end(this.#dueEnd)
    if (this.hasEnded) this.#leave()
    else this.#work()
  }

  #give({ text, message, end }: Answer): void {
    if (text !== '') this.#say(text)
    if (!message) this.#answered(text.startsWith('-') ? 'err' : 'ok')
    if (end !== undefined) this.#end(end)
  }

  /** An answer that is waited for, and the message it may bring. */
  async #giveInTime(pending: Promise<Answer>): Promise<void> {
    const answer = await pending
    this.#give(answer)
    if (answer.message && !this.hasEnded) {
      this.#inBody = true
      await this.#transmission.sendCounted(answer.message)
      this.#inBody = false
      if (this.#outlet.isOpen) this.counts.retrieved += 1
      if (this.tracer) this.#trace({ from: 'note', text: `${answer.message.octets ?? 0} octets of content` })
      this.#answered('ok')
    }
    if (this.#transmission.mustWait) await this.#transmission.pace()
  }

  #end(reason: EndReason): void {
    const { state } = this
    if (state.kind === 'ended') return
    this.state = { kind: 'ended' }
    this.#abandonment.abort()
    if (this.#inBody || reason === 'slow-reader' || reason === 'closed') this.#outlet.cut()
    else this.#outlet.end()
    this.#logSummary(reason)
    if (this.tracer) this.#trace({ from: 'note', text: `ended: ${reason}` })
    this.services.observer?.ended?.(this, reason)
    if ('maildrop' in state && state.maildrop) void this.#release(state.maildrop)
    else this.#leave()
  }

  async #release(maildrop: SessionMaildrop): Promise<void> {
    this.#releasing = true
    await abandon(this, maildrop)
    this.#releasing = false
    this.#leave()
  }

  #leave(): void {
    if (this.#isGone || this.#isConnected || this.#busy || this.#releasing) return
    this.#isGone = true
    this.#onGone(this)
  }

  /** Tells that the command at hand was answered. */
  #answered(result: 'ok' | 'err'): void {
    const { observer } = this.services
    observer?.command?.(this, this.#verb, result, performance.now() - this.#activeAtMs)
  }

  /** Lines all go out here. */
  #say(text: string): void {
    if (this.tracer) this.#trace({ from: 'server', text: text.trimEnd() })
    this.#transmission.sendText(text)
  }

  #trace(line: TracedLine): void {
    this.tracer?.trace(this, line)
  }

  #logSummary(reason: EndReason): void {
    const { id, user, peer, counts } = this
    const { octetsIn, octetsOut, mechanism } = this
    const durationMs = Math.round(performance.now() - this.startedAtMs)
    this.services.log.info(
      { session: id, user, mechanism, peer, ...counts, octetsIn, octetsOut, reason, durationMs },
      'pop2 session',
    )
  }
}
