// Answers that are due, in the order in which they will come: commands may be under way by the dozen, and whoever wants the
// next answer reads those before it.
import type { Conversation } from './conversation.ts'
import { events, type MessageEvent } from './diagnostics.ts'
import type { Pop3Error } from './errors.ts'
import { MessageBody } from './message-body.ts'
import type { MessageRef } from './message-ref.ts'
import { refusalOf } from './refusal.ts'
import { parseReply, type Reply } from './reply.ts'
import { SwallowedStatus } from './swallowed-status.ts'
import type { Top } from './top-filter.ts'

type Due =
  | { readonly kind: 'body'; readonly ref: MessageRef; readonly top: Top | undefined }
  | { readonly kind: 'dele'; readonly ref: MessageRef }
  | { readonly kind: 'noop' }

interface Answered {
  readonly body: MessageBody
  readonly error: Pop3Error | undefined
}

export interface Deletions {
  readonly agreed: MessageRef[]
  readonly refused: MessageRef[]
}

export class Answers {
  readonly #conversation: Conversation
  readonly #deletions: Deletions
  readonly #due: Due[] = []
  /** The one that is being read. */
  #body: MessageBody | undefined
  /** A status line is waited for, or was in vain. */
  #isWaiting = false

  constructor(conversation: Conversation, deletions: Deletions) {
    this.#conversation = conversation
    this.#deletions = deletions
  }

  /** How many are due. */
  get count(): number {
    return this.#due.length
  }

  /** Something was asked for and has not come whole. */
  get isUnderWay(): boolean {
    return this.#isWaiting || this.#due.length > 0 || this.#body?.isWhole === false
  }

  /** Nothing is due but answers to NOOP. */
  get isIdle(): boolean {
    return this.#body === undefined && this.#due.every(({ kind }) => kind === 'noop')
  }

  /** By TOP, or by RETR. */
  ask(ref: MessageRef, top: Top | undefined): void {
    this.#conversation.say(top ? `TOP ${ref.number} ${top.lines}` : `RETR ${ref.number}`)
    this.#due.push({ kind: 'body', ref, top })
  }

  delete(ref: MessageRef): void {
    this.#conversation.say(`DELE ${ref.number}`)
    this.#due.push({ kind: 'dele', ref })
  }

  noop(): void {
    this.#conversation.say('NOOP')
    this.#due.push({ kind: 'noop' })
  }

  /** The body of the next message, all that is due before it being read. */
  async next(signal: AbortSignal | undefined): Promise<Answered> {
    await this.leave()
    for (let due = this.#due.shift(); due; due = this.#due.shift()) {
      if (due.kind === 'body') return this.#begin(due, await this.#reply(signal), signal)
      await this.#read(due, signal)
    }
    throw new Error('an answer is due for each message')
  }

  /** The same, if it is there without waiting: of small messages there are many in one packet. */
  nextAtHand(signal: AbortSignal | undefined): Answered | undefined {
    const [due] = this.#due
    const isLeft = !this.#body || (this.#body.isWhole && this.#body.isEmpty)
    if (due?.kind !== 'body' || !isLeft) return undefined
    const reply = this.#conversation.replyAtHand()
    if (!reply) return undefined
    this.#due.shift()
    return this.#begin(due, reply, signal)
  }

  /** Reads all that is due; bodies are thrown away. */
  async settle(signal: AbortSignal | undefined): Promise<void> {
    await this.leave()
    for (let due = this.#due.shift(); due; due = this.#due.shift()) {
      if (due.kind === 'body') {
        this.#begin(due, await this.#reply(signal), signal)
        await this.leave()
      } else await this.#read(due, signal)
    }
  }

  /** Reads and throws away what was left of the body that is being read. */
  async leave(): Promise<void> {
    const body = this.#body
    if (!body) return
    this.#body = undefined
    if (!body.isWhole || !body.isEmpty) await body.drain(this.#conversation.limits.drain)
  }

  async #read(due: Exclude<Due, { kind: 'body' }>, signal: AbortSignal | undefined): Promise<void> {
    const { status } = await this.#reply(signal)
    if (due.kind === 'dele')
      (status === 'ok' ? this.#deletions.agreed : this.#deletions.refused).push(due.ref)
  }

  #begin(
    { ref, top }: Extract<Due, { kind: 'body' }>,
    given: Reply,
    signal: AbortSignal | undefined,
  ): Answered {
    const begun = events.message.hasSubscribers ? performance.now() : undefined
    const reply = lateRefusal(given)
    const command = top ? `TOP ${ref.number} ${top.lines}` : `RETR ${ref.number}`
    const error = reply.status === 'ok' ? undefined : refusalOf(reply, { phase: 'transaction', command })
    const body = new MessageBody(this.#conversation, {
      signal,
      error,
      // TOP has no size; there a second status line is passed over anyway.
      swallowed: this.#due.length > 0 && !top ? new SwallowedStatus(ref.octets) : undefined,
      filter: top?.filter(),
      whenWhole: begun === undefined ? undefined : octets => this.#publish(octets, begun),
    })
    this.#body = error ? undefined : body
    return { body, error }
  }

  async #reply(signal: AbortSignal | undefined): Promise<Reply> {
    this.#isWaiting = true
    const reply = await this.#conversation.reply(signal)
    this.#isWaiting = false
    return reply
  }

  #publish(octets: number, begun: number): void {
    const { session } = this.#conversation
    const event: MessageEvent = { session, octets, durationMs: performance.now() - begun }
    events.message.publish(event)
  }
}

/** DavMail says `+OK ` and blanks while it waits for somebody else, and `-ERR` on the same line when he failed. */
function lateRefusal(reply: Reply): Reply {
  if (reply.status !== 'ok' || !/^\s*-ERR\b/.test(reply.text)) return reply
  return parseReply(Buffer.from(reply.text.trimStart(), 'latin1')) ?? reply
}
