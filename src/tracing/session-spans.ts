// Spans made of what an observer sees: one for each session, and under it one for each login, message sent, UPDATE and
// delivery. Nothing is in them that the log would not have; message numbers, names of files and what a client sent are not.
import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { ObservedSession, Observer } from '../net/observer.ts'
import type { TraceIds } from './traced-log.ts'

/** What is remembered of a session that is traced. */
interface SessionTrace {
  readonly span: Span
  readonly context: Context
  readonly ids: TraceIds
  /** From `performance.now()` to the clock of the world: the same all through a trace, whatever is done to that clock. */
  readonly clockOffsetMs: number
  children: number
  /** Of the login that goes on over several commands. */
  loginStartedMs: number | undefined
  /** Told before the command that brought it is answered. */
  login: { readonly mechanism: string; readonly outcome: string } | undefined
  updateStartedMs: number | undefined
  /** In LMTP replies go on after the first. */
  delivery: { readonly startedMs: number; readonly endedMs: number; result: string } | undefined
  deliveryReplies: string[]
}

/** A session may take 100,000 messages; a trace that long helps nobody. */
const maxChildren = 256
const maxReplies = 64
const sentVerbs: ReadonlySet<string> = new Set(['RETR', 'TOP'])
const failedEnds: ReadonlySet<string> = new Set(['fault', 'update-failed'])

export class SessionSpans implements Observer {
  readonly #tracer: Tracer
  readonly #traces = new Map<string, SessionTrace>()

  constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  /** Undefined for a session that is not traced, or no more. */
  idsOf(sessionId: string): TraceIds | undefined {
    return this.#traces.get(sessionId)?.ids
  }

  opened({ id, protocol, service, peer, startedAtMs }: ObservedSession): void {
    const clockOffsetMs = Date.now() - performance.now()
    const span = this.#tracer.startSpan(
      `${protocol} session`,
      {
        kind: SpanKind.SERVER,
        startTime: clockOffsetMs + startedAtMs,
        attributes: {
          'network.protocol.name': protocol,
          'network.peer.address': peer,
          'poplar.service': service,
          'poplar.session': id,
        },
      },
      ROOT_CONTEXT,
    )
    // One that was not sampled costs nothing from here on.
    if (!span.isRecording()) return
    const { traceId, spanId } = span.spanContext()
    this.#traces.set(id, {
      span,
      context: trace.setSpan(ROOT_CONTEXT, span),
      clockOffsetMs,
      ids: { trace_id: traceId, span_id: spanId },
      children: 0,
      loginStartedMs: undefined,
      login: undefined,
      updateStartedMs: undefined,
      delivery: undefined,
      deliveryReplies: [],
    })
  }

  login({ id }: ObservedSession, mechanism: string, outcome: string): void {
    const known = this.#traces.get(id)
    if (known) known.login = { mechanism, outcome }
  }

  stateChanged({ id, stateName }: ObservedSession): void {
    if (stateName !== 'update') return
    const known = this.#traces.get(id)
    if (known) known.updateStartedMs = performance.now()
  }

  delivery({ id }: ObservedSession, result: string): void {
    const known = this.#traces.get(id)
    if (known && known.deliveryReplies.length < maxReplies) known.deliveryReplies.push(result)
  }

  command({ id, user }: ObservedSession, verb: string, result: string, durationMs: number): void {
    const known = this.#traces.get(id)
    if (!known) return
    this.#endDelivery(known)
    const endedMs = performance.now()
    const startedMs = endedMs - durationMs
    if (known.login) this.#endLogin(known, known.login, user, startedMs, endedMs)
    else if (verb === 'AUTH' && result === 'continue') known.loginStartedMs ??= startedMs
    else if (verb === 'DATA' && result !== 'continue') known.delivery = { startedMs, endedMs, result }
    else if (verb === 'QUIT' && known.updateStartedMs !== undefined)
      this.#child(known, 'UPDATE', known.updateStartedMs, endedMs, result, {})
    else if (sentVerbs.has(verb)) this.#child(known, verb, startedMs, endedMs, result, {})
  }

  ended(session: ObservedSession, reason: string): void {
    const { id, user, channel, octetsIn, octetsOut, commandCount } = session
    const known = this.#traces.get(id)
    if (!known) return
    this.#endDelivery(known)
    this.#traces.delete(id)
    const { span, children, clockOffsetMs } = known
    span.setAttributes({
      ...(user !== undefined && { 'user.name': user }),
      ...(channel && { 'tls.protocol.version': channel.version, 'tls.cipher': channel.cipher }),
      'poplar.end': reason,
      'poplar.octets.in': octetsIn,
      'poplar.octets.out': octetsOut,
      'poplar.commands': commandCount,
      ...(children > maxChildren && { 'poplar.spans.left_out': children - maxChildren }),
    })
    if (failedEnds.has(reason)) span.setStatus({ code: SpanStatusCode.ERROR, message: reason })
    span.end(clockOffsetMs + performance.now())
  }

  #endLogin(
    known: SessionTrace,
    { mechanism, outcome }: NonNullable<SessionTrace['login']>,
    user: string | undefined,
    startedMs: number,
    endedMs: number,
  ): void {
    const result = outcome === 'accepted' ? 'ok' : outcome
    this.#child(known, 'login', known.loginStartedMs ?? startedMs, endedMs, result, {
      'poplar.mechanism': mechanism,
      ...(user !== undefined && outcome === 'accepted' && { 'user.name': user }),
    })
    known.login = undefined
    known.loginStartedMs = undefined
  }

  #endDelivery(known: SessionTrace): void {
    const { delivery, deliveryReplies } = known
    if (!delivery) return
    this.#child(known, 'delivery', delivery.startedMs, delivery.endedMs, delivery.result, {
      'poplar.replies': deliveryReplies,
    })
    known.delivery = undefined
    known.deliveryReplies = []
  }

  #child(
    known: SessionTrace,
    name: string,
    startedMs: number,
    endedMs: number,
    result: string,
    attributes: Attributes,
  ): void {
    known.children += 1
    if (known.children > maxChildren) return
    const { clockOffsetMs, context } = known
    const span = this.#tracer.startSpan(
      name,
      { startTime: clockOffsetMs + startedMs, attributes: { 'poplar.result': result, ...attributes } },
      context,
    )
    if (result !== 'ok') span.setStatus({ code: SpanStatusCode.ERROR, message: result })
    span.end(clockOffsetMs + endedMs)
  }
}
