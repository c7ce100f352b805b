// A POP3 session that has logged in, RFC 1939 sections 5 and 6. Commands may be under way by the dozen; their answers are read
// in order. Nothing is deleted until `commit`, and whatever else ends the session deletes nothing.
import type { Capabilities } from './capabilities.ts'
import type { Conversation } from './conversation.ts'
import { Pop3Error } from './errors.ts'
import { MessageBody } from './message-body.ts'
import { joinListing, type Listing, type MessageRef } from './message-ref.ts'
import { refusalOf } from './refusal.ts'

export interface OperationOptions {
  readonly signal?: AbortSignal
}

export interface RetrieveOptions extends OperationOptions {
  /** Messages asked for ahead. Default 16, and 1 where the server has no PIPELINING. */
  readonly window?: number
  /** Octets asked for ahead, by what LIST says. Default 4 MiB. */
  readonly windowBytes?: number
}

/** A message under way. Leaving its scope reads what was left of the body. */
export interface Message extends AsyncDisposable {
  readonly ref: MessageRef
  /** Of a message that the server refused, reading throws what `error` is. */
  readonly body: MessageBody
  /** Why there is no body: it was expunged meanwhile, for instance. Others are not affected. */
  readonly error: Pop3Error | undefined
  markDeleted(): void
}

export interface CommitOutcome {
  /** Messages that the server has agreed to delete. */
  readonly deleted: number
  /** Those it has not. */
  readonly refused: readonly MessageRef[]
  /** `unknown`: the server did not answer QUIT, or not well; the next session will show. */
  readonly state: 'committed' | 'unknown'
}

/** An answer that is due. */
type Due =
  | { readonly kind: 'body'; readonly ref: MessageRef }
  | { readonly kind: 'dele'; readonly ref: MessageRef }

const defaultWindow = 16
const defaultWindowOctets = 4 << 20

export class Session implements AsyncDisposable {
  readonly capabilities: Capabilities
  readonly #conversation: Conversation
  /** In the order in which they will come. */
  readonly #due: Due[] = []
  /** Not sent yet: the server takes one command at a time. */
  readonly #toDelete: MessageRef[] = []
  readonly #agreed: MessageRef[] = []
  readonly #refused: MessageRef[] = []
  #body: MessageBody | undefined
  #hasUidl = true
  #hasEnded = false

  constructor(conversation: Conversation, capabilities: Capabilities) {
    this.#conversation = conversation
    this.capabilities = capabilities
  }

  get isOpen(): boolean {
    return !this.#hasEnded && this.#conversation.channel.isOpen
  }

  /** What the maildrop holds: LIST and UIDL as one. Odd lines are told in `anomalies`, not thrown. */
  async listing({ signal }: OperationOptions = {}): Promise<Listing> {
    await this.#settle(signal)
    const asksBoth = this.#isPipelining && this.#hasUidl
    this.#say('LIST')
    if (asksBoth) this.#say('UIDL')
    const list = await this.#listed(signal)
    if (!list) throw this.#conversation.channel.fail('protocol', 'LIST was refused')
    if (this.#hasUidl && !asksBoth) this.#say('UIDL')
    const uidl = this.#hasUidl ? await this.#listed(signal) : undefined
    if (!uidl) this.#hasUidl = false
    return joinListing(list, uidl)
  }

  /** Messages in the order in which they are asked for, each to be read before the next. Leaving early reads what was left. */
  retrieve(refs: Iterable<MessageRef>, options: RetrieveOptions = {}): AsyncGenerator<Message, void> {
    return this.#fetch(refs, ({ number }) => `RETR ${number}`, options)
  }

  /** Headers, and as many lines of the body. Throws `refused` by the message where the server has no TOP. */
  headers(
    refs: Iterable<MessageRef>,
    { lines = 0, ...options }: RetrieveOptions & { readonly lines?: number } = {},
  ): AsyncGenerator<Message, void> {
    return this.#fetch(refs, ({ number }) => `TOP ${number} ${lines}`, options)
  }

  /** Asks the server to delete the message at `commit`. Said at once where the server takes commands ahead. */
  markDeleted(ref: MessageRef): void {
    this.#checkOpen()
    if (!this.#isPipelining) {
      this.#toDelete.push(ref)
      return
    }
    this.#say(`DELE ${ref.number}`)
    this.#due.push({ kind: 'dele', ref })
  }

  /** Takes back all that was marked. */
  async reset({ signal }: OperationOptions = {}): Promise<void> {
    await this.#settle(signal)
    await this.#ask('RSET', signal)
    this.#agreed.length = 0
    this.#refused.length = 0
  }

  /** Keeps the session alive. */
  async noop({ signal }: OperationOptions = {}): Promise<void> {
    await this.#settle(signal)
    await this.#ask('NOOP', signal)
  }

  /** QUIT: what was marked is deleted now. Throws only when that was never asked. */
  async commit({ signal }: OperationOptions = {}): Promise<CommitOutcome> {
    await this.#settle(signal)
    this.#conversation.channel.phase = 'update'
    this.#say('QUIT')
    this.#hasEnded = true
    const state = await this.#conversation.reply(signal).then(
      ({ status }) => (status === 'ok' ? ('committed' as const) : ('unknown' as const)),
      () => 'unknown' as const,
    )
    this.#conversation.channel.end()
    return { deleted: this.#agreed.length, refused: [...this.#refused], state }
  }

  /** Closes the connection without QUIT: nothing is deleted. */
  abandon(): void {
    this.#hasEnded = true
    this.#conversation.channel.fail('closed', 'the session was abandoned')
  }

  /** Without `commit` before, as `abandon`. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) this.abandon()
  }

  get #isPipelining(): boolean {
    return this.capabilities.has('PIPELINING')
  }

  async *#fetch(
    given: Iterable<MessageRef>,
    commandFor: (ref: MessageRef) => string,
    { signal, windowBytes = defaultWindowOctets, window = defaultWindow }: RetrieveOptions,
  ): AsyncGenerator<Message, void> {
    const refs = [...given]
    const ahead = this.#isPipelining ? Math.max(1, window) : 1
    await this.#settle(signal)
    let asked = 0
    let octetsAhead = 0
    try {
      for (const [at, ref] of refs.entries()) {
        if (ahead === 1) await this.#sendDeletions(signal)
        // Many at once are one packet: more are asked for when half of those ahead have come.
        const isDue = asked - at <= ahead / 2
        while (
          isDue &&
          asked < refs.length &&
          asked - at < ahead &&
          (asked === at || octetsAhead < windowBytes)
        ) {
          const next = refs[asked++] as MessageRef
          octetsAhead += next.octets ?? 0
          this.#say(commandFor(next))
          this.#due.push({ kind: 'body', ref: next })
        }
        const message = await this.#nextMessage(commandFor(ref), signal)
        yield message
        octetsAhead -= ref.octets ?? 0
        await this.#finishBody()
      }
    } finally {
      // Whoever leaves early leaves answers behind.
      if (this.#conversation.channel.isOpen) await this.#settle(signal)
    }
  }

  /** Reads the answers that are due up to the next message. */
  async #nextMessage(command: string, signal: AbortSignal | undefined): Promise<Message> {
    for (let due = this.#due.shift(); due; due = this.#due.shift()) {
      if (due.kind === 'body') return this.#message(due.ref, command, signal)
      await this.#readDeletion(due.ref, signal)
    }
    throw new Error('an answer is due for each message')
  }

  async #message(ref: MessageRef, command: string, signal: AbortSignal | undefined): Promise<Message> {
    const reply = await this.#conversation.reply(signal)
    const error = reply.status === 'ok' ? undefined : refusalOf(reply, { phase: 'transaction', command })
    const body = new MessageBody(this.#conversation, signal, error)
    if (!error) this.#body = body
    return {
      ref,
      body,
      error,
      markDeleted: () => this.markDeleted(ref),
      [Symbol.asyncDispose]: () => this.#finishBody(),
    }
  }

  /** What was left of the body that is under way. */
  async #finishBody(): Promise<void> {
    const body = this.#body
    this.#body = undefined
    if (body && this.#conversation.channel.isOpen) await body.drain(this.#conversation.limits.drain)
  }

  /** Reads all answers that are due, and sends what waits: afterwards the server has nothing more to say. */
  async #settle(signal: AbortSignal | undefined): Promise<void> {
    this.#checkOpen()
    await this.#finishBody()
    for (let due = this.#due.shift(); due; due = this.#due.shift()) {
      if (due.kind === 'dele') await this.#readDeletion(due.ref, signal)
      else {
        await this.#message(due.ref, 'RETR', signal)
        await this.#finishBody()
      }
    }
    await this.#sendDeletions(signal)
    const { channel } = this.#conversation
    if (channel.unreadOctets > 0) throw channel.fail('protocol', 'the server sent what nobody asked for')
  }

  async #sendDeletions(signal: AbortSignal | undefined): Promise<void> {
    for (let ref = this.#toDelete.shift(); ref; ref = this.#toDelete.shift()) {
      this.#say(`DELE ${ref.number}`)
      await this.#readDeletion(ref, signal)
    }
  }

  async #readDeletion(ref: MessageRef, signal: AbortSignal | undefined): Promise<void> {
    const { status } = await this.#conversation.reply(signal)
    ;(status === 'ok' ? this.#agreed : this.#refused).push(ref)
  }

  async #ask(command: string, signal: AbortSignal | undefined): Promise<void> {
    this.#say(command)
    const reply = await this.#conversation.reply(signal)
    if (reply.status !== 'ok') throw refusalOf(reply, { phase: 'transaction', command })
  }

  /** Undefined where the command was refused. */
  async #listed(signal: AbortSignal | undefined): Promise<readonly string[] | undefined> {
    const { status } = await this.#conversation.reply(signal)
    return status === 'ok'
      ? this.#conversation.lines(this.#conversation.limits.listEntries, signal)
      : undefined
  }

  #say(line: string): void {
    this.#checkOpen()
    this.#conversation.say(line)
  }

  #checkOpen(): void {
    if (this.#hasEnded) throw new Pop3Error('closed', 'the session has ended', { phase: 'transaction' })
  }
}
