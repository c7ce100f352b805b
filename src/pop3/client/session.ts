// A POP3 session that has logged in, RFC 1939 sections 5 and 6. Commands may be under way by the dozen; their answers are read
// in order. Nothing is deleted until `commit`, and whatever else ends the session deletes nothing.
import { Answers } from './answers.ts'
import type { Capabilities } from './capabilities.ts'
import type { Conversation } from './conversation.ts'
import { type EndEvent, events } from './diagnostics.ts'
import { Pop3Error } from './errors.ts'
import { FetchedMessage, type MessageOperations } from './fetched-message.ts'
import { LookAhead } from './look-ahead.ts'
import type { CommitOutcome, HeadersOptions, Message, OperationOptions, RetrieveOptions } from './message.ts'
import { joinListing, type Listing, type MessageRef } from './message-ref.ts'
import type { Quirks } from './quirks.ts'
import { refusalOf } from './refusal.ts'
import type { Reply } from './reply.ts'
import type { Learned } from './server-memory.ts'

const defaultWindow = 256
const defaultWindowOctets = 4 << 20
const maxLanguages = 1_000

export interface SessionFacts {
  readonly conversation: Conversation
  readonly capabilities: Capabilities
  readonly quirks: Quirks
  /** Remembers for later sessions with the server. */
  readonly learn: (learned: Learned) => void
  readonly isUtf8: boolean
  readonly language: string | undefined
}

export class Session implements AsyncDisposable {
  readonly capabilities: Capabilities
  /** What is taken for true of this server. */
  readonly quirks: Quirks
  /** The server has agreed to UTF-8, RFC 6856 section 2. */
  readonly isUtf8: boolean
  /** That the server has agreed to speak. */
  readonly language: string | undefined
  /** Resolves when the session is over: with what ended it, or with undefined when its user did. It never rejects. */
  readonly closed: Promise<Pop3Error | undefined>
  readonly #conversation: Conversation
  readonly #learn: (learned: Learned) => void
  readonly #answers: Answers
  readonly #agreed: MessageRef[] = []
  readonly #refused: MessageRef[] = []
  readonly #ofMessages: MessageOperations = {
    markDeleted: ref => this.markDeleted(ref),
    leave: () => this.#answers.leave(),
  }
  /** Not sent yet: the server takes one command at a time. */
  readonly #toDelete: MessageRef[] = []
  /** Operations wait for those before them; it never rejects. */
  #turn: Promise<unknown> = Promise.resolve()
  #isIterating = false
  #hasUidl: boolean
  #hasEnded = false
  /** The most that was ever under way at once. */
  #mostAhead = 0

  constructor({ conversation, capabilities, quirks, learn, isUtf8, language }: SessionFacts) {
    this.#conversation = conversation
    this.#learn = learn
    this.capabilities = capabilities
    this.quirks = quirks
    this.isUtf8 = isUtf8
    this.language = language
    this.#hasUidl = quirks.uidl
    this.#answers = new Answers(conversation, { agreed: this.#agreed, refused: this.#refused })
    this.closed = conversation.channel.closed
    this.#keepAlive()
    void this.closed.then(error => this.#end(error))
  }

  get isOpen(): boolean {
    return !this.#hasEnded && this.#conversation.channel.isOpen
  }

  /** What the maildrop holds: LIST and UIDL as one. Odd lines are told in `anomalies`, not thrown. */
  listing({ signal }: OperationOptions = {}): Promise<Listing> {
    return this.#exclusively(signal, async () => {
      const asksBoth = this.#ahead > 1 && this.#hasUidl
      this.#conversation.say('LIST')
      if (asksBoth) this.#conversation.say('UIDL')
      const refusal = await this.#conversation.reply(signal)
      const list = await this.#listed(refusal, signal)
      if (list && this.#hasUidl && !asksBoth) this.#conversation.say('UIDL')
      const uidl = this.#hasUidl && (list || asksBoth) ? await this.#uidls(signal) : undefined
      if (!list) throw refusalOf(refusal, { phase: 'transaction', command: 'LIST' })
      return joinListing(list, uidl)
    })
  }

  /** Messages in the order in which they are asked for, each to be read before the next. Leaving early reads what was left. */
  retrieve(refs: Iterable<MessageRef>, options: RetrieveOptions = {}): AsyncGenerator<Message, void> {
    return this.#fetch(refs, undefined, options)
  }

  /** Headers, and as many lines of the body, by TOP. Messages have the error `refused` where the server has no TOP. */
  headers(
    refs: Iterable<MessageRef>,
    { lines = 0, ...options }: HeadersOptions = {},
  ): AsyncGenerator<Message, void> {
    return this.#fetch(refs, lines, options)
  }

  /** Asks the server to delete the message at `commit`. Said at once where the server takes commands ahead. */
  markDeleted(ref: MessageRef): void {
    this.#checkOpen()
    if (this.#ahead > 1) this.#answers.delete(ref)
    else this.#toDelete.push(ref)
  }

  /** Takes back all that was marked. */
  reset({ signal }: OperationOptions = {}): Promise<void> {
    return this.#exclusively(signal, async () => {
      await this.#ask('RSET', signal)
      this.#agreed.length = 0
      this.#refused.length = 0
    })
  }

  /** Keeps the session alive. */
  noop({ signal }: OperationOptions = {}): Promise<void> {
    return this.#exclusively(signal, () => this.#ask('NOOP', signal))
  }

  /** Languages of the server's texts, each with its name in itself. Throws `refused` where it has no LANG. RFC 6856 section 3. */
  languages({ signal }: OperationOptions = {}): Promise<readonly { tag: string; name: string }[]> {
    return this.#exclusively(signal, async () => {
      await this.#ask('LANG', signal)
      const lines = await this.#conversation.lines(maxLanguages, signal)
      return lines.map(line => {
        const [tag = '', ...name] = Buffer.from(line, 'latin1').toString().split(' ')
        return { tag, name: name.join(' ') }
      })
    })
  }

  /** QUIT: what was marked is deleted now. Throws only when that was never asked. */
  commit({ signal }: OperationOptions = {}): Promise<CommitOutcome> {
    return this.#exclusively(signal, async () => {
      this.#conversation.channel.phase = 'update'
      this.#conversation.say('QUIT')
      this.#hasEnded = true
      const state = await this.#conversation.reply(signal).then(
        ({ status }) => (status === 'ok' ? ('committed' as const) : ('unknown' as const)),
        () => 'unknown' as const,
      )
      this.#conversation.channel.end()
      return { deleted: this.#agreed.length, refused: [...this.#refused], state }
    })
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

  /** Commands that may be under way at once. */
  get #ahead(): number {
    return this.capabilities.has('PIPELINING') ? this.quirks.window : 1
  }

  async *#fetch(
    given: Iterable<MessageRef>,
    lines: number | undefined,
    { signal, windowBytes = defaultWindowOctets, window = defaultWindow }: RetrieveOptions,
  ): AsyncGenerator<Message, void> {
    if (this.#isIterating) throw busy()
    this.#isIterating = true
    const refs = [...given]
    const maxMessages = Math.max(1, Math.min(window, this.#ahead))
    try {
      // Few ask for headers.
      const top = lines === undefined ? undefined : (await import('./top-filter.ts')).topOf(lines)
      const lookAhead = new LookAhead(this.#answers, refs, { top, maxMessages, maxOctets: windowBytes })
      await this.#turn
      await this.#settle(signal)
      for (const [at, ref] of refs.entries()) {
        if (maxMessages === 1) await this.#settle(signal)
        lookAhead.ask(at)
        this.#mostAhead = Math.max(this.#mostAhead, this.#answers.count)
        const answered = this.#answers.nextAtHand(signal) ?? (await this.#answers.next(signal))
        yield new FetchedMessage(ref, answered, this.#ofMessages)
        lookAhead.release(ref)
      }
    } finally {
      try {
        // Whoever leaves early leaves answers behind.
        if (this.isOpen) await this.#settle(signal)
      } finally {
        this.#isIterating = false
      }
    }
  }

  /** One operation at a time, each on a connection where nothing is due. */
  #exclusively<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const isBusy = this.#isIterating
    const turn = this.#turn.then(async () => {
      if (isBusy) throw busy()
      await this.#settle(signal)
      return work()
    })
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  /** Reads all answers that are due, and sends what waits: afterwards the server has nothing more to say. */
  async #settle(signal: AbortSignal | undefined): Promise<void> {
    this.#checkOpen()
    await this.#answers.settle(signal)
    for (let ref = this.#toDelete.shift(); ref; ref = this.#toDelete.shift()) {
      this.#answers.delete(ref)
      await this.#answers.settle(signal)
    }
    const { channel } = this.#conversation
    if (channel.failure) throw channel.failure
    if (channel.unreadOctets > 0)
      throw channel.fail(
        'protocol',
        'the server sent what nobody asked for: what came before may be a part only',
      )
  }

  async #ask(command: string, signal: AbortSignal | undefined): Promise<void> {
    this.#conversation.say(command)
    const reply = await this.#conversation.reply(signal)
    if (reply.status !== 'ok') throw refusalOf(reply, { phase: 'transaction', command })
  }

  /** The lines behind the status line; undefined where the command was refused. */
  async #listed({ status }: Reply, signal: AbortSignal | undefined): Promise<readonly string[] | undefined> {
    if (status !== 'ok') return undefined
    return this.#conversation.lines(this.#conversation.limits.listEntries, signal)
  }

  /** UIDL is asked even where nothing announces it, and is not asked again of a server that did not know it. */
  async #uidls(signal: AbortSignal | undefined): Promise<readonly string[] | undefined> {
    const uidls = await this.#listed(await this.#conversation.reply(signal), signal)
    const isAnnounced = this.capabilities.has('UIDL')
    this.#hasUidl = uidls !== undefined
    if (uidls && !isAnnounced) this.capabilities.add(['UIDL'], 'probe')
    if (!uidls && !isAnnounced) this.#learn({ uidl: false })
    return uidls
  }

  /** Some servers end sessions in which nothing is said for a minute. */
  #keepAlive(): void {
    const { keepAliveMs } = this.quirks
    if (!Number.isFinite(keepAliveMs)) return
    let said = 0
    const timer = setInterval(() => {
      const { lineCount } = this.#conversation
      if (lineCount === said && this.isOpen && this.#answers.isIdle) this.#answers.noop()
      said = this.#conversation.lineCount
    }, keepAliveMs / 2)
    timer.unref()
    void this.closed.then(() => clearInterval(timer))
  }

  #end(error: Pop3Error | undefined): void {
    // What a server cannot answer in order is asked of it one by one from now on.
    const isBroken =
      error?.code === 'protocol' || (error?.code === 'connection-lost' && this.#answers.isUnderWay)
    if (isBroken && this.#mostAhead > 1) this.#learn({ window: 1 })
    if (!events.end.hasSubscribers) return
    const { channel, session } = this.#conversation
    const { sentOctets, receivedOctets } = channel
    const event: EndEvent = { session, error: error?.code, sentOctets, receivedOctets }
    events.end.publish(event)
  }

  #checkOpen(): void {
    if (this.#hasEnded) throw new Pop3Error('closed', 'the session has ended', { phase: 'transaction' })
  }
}

function busy(): Pop3Error {
  return new Pop3Error('busy', 'an iteration over messages is under way', { phase: 'transaction' })
}
