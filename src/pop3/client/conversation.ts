// Commands out, answers in: what both sides say, in order, within the limits, and what onlookers see of it. It knows no
// command.
import type { Channel } from './channel.ts'
import { type CommandEvent, events } from './diagnostics.ts'
import { Pop3Error } from './errors.ts'
import type { Limits, Timeouts } from './options.ts'
import { parseReply, type Reply } from './reply.ts'
import { stars, type WireTap } from './tap.ts'

/** Blank lines and stray terminators that are passed over in front of a status line: some servers send them. */
const maxStrayLines = 4
const cr = 13
const dot = 46
const lineEnd = Buffer.from('\r\n')

export interface ConversationOptions {
  readonly session: number
  readonly timeouts: Required<Timeouts>
  readonly limits: Required<Limits>
  readonly tap: WireTap | undefined
}

export class Conversation {
  readonly channel: Channel
  readonly session: number
  readonly timeouts: Required<Timeouts>
  readonly limits: Required<Limits>
  readonly #tap: WireTap | undefined
  /** Commands whose status line is due, as they may be shown; only while somebody watches. */
  readonly #watched: { readonly shown: string; readonly at: number }[] | undefined
  /** Whether a text of the server holds what nobody may see. */
  #holdsSecret: ((text: string) => boolean) | undefined
  /** A message was read, and no status line since: a line with a dot now would mean that the message was cut at another. */
  isBehindBody = false
  #strayLines = 0
  /** Lines that were sent so far. */
  lineCount = 0

  constructor(channel: Channel, { session, timeouts, limits, tap }: ConversationOptions) {
    this.channel = channel
    this.session = session
    this.timeouts = timeouts
    this.limits = limits
    this.#tap = tap
    this.#watched = events.command.hasSubscribers ? [] : undefined
  }

  /** From now on, or with undefined no longer, the server may repeat what is secret. */
  guard(holdsSecret: ((text: string) => boolean) | undefined): void {
    this.#holdsSecret = holdsSecret
  }

  /**
   * Sends a command; `shown` is what onlookers see of it. Throws `bad-argument` for a line that would be several, and why
   * there is no connection any more.
   */
  say(line: string, shown = line): void {
    this.#send(line, shown)
    this.#watched?.push({ shown, at: performance.now() })
  }

  /** Sends a line that is no command but a part of one. */
  respond(line: string): void {
    this.#send(line, stars)
  }

  #send(line: string, shown: string): void {
    if (this.channel.failure) throw this.channel.failure
    checkLine(line, this.channel)
    this.channel.send(`${line}\r\n`)
    this.lineCount += 1
    if (this.#tap) this.show('sent', Buffer.from(`${shown}\r\n`))
  }

  /** A line without its line end: a view. */
  async line(patienceMs: number, signal?: AbortSignal): Promise<Buffer> {
    for (;;) {
      const line = this.#takeLine()
      if (line) return line
      await this.channel.more(patienceMs, signal)
    }
  }

  #takeLine(): Buffer | undefined {
    const line = this.channel.takeLine(this.limits.line)
    return line && line[line.length - 1] === cr ? line.subarray(0, -1) : line
  }

  /** The next status line. Throws `protocol` when it is none. */
  async reply(signal?: AbortSignal, patienceMs = this.timeouts.command): Promise<Reply> {
    for (;;) {
      const reply = this.replyAtHand()
      if (reply) return reply
      await this.channel.more(patienceMs, signal)
    }
  }

  /** The same, if it has come in. */
  replyAtHand(): Reply | undefined {
    for (let line = this.#takeLine(); line; line = this.#takeLine()) {
      const reply = parseReply(line)
      if (this.#tap) this.#showReply(line, reply)
      if (reply) {
        this.#strayLines = 0
        this.isBehindBody = false
        this.#watch(reply)
        return reply
      }
      this.#passOver(line)
    }
    return undefined
  }

  /** What may stand in front of a status line. Throws for anything else. */
  #passOver(line: Buffer): void {
    const isDot = line.length === 1 && line[0] === dot
    const isStray = line.length === 0 || (isDot && !this.isBehindBody)
    this.#strayLines += 1
    if (!isStray || this.#strayLines > maxStrayLines)
      throw this.channel.fail('protocol', `${this.#isSecret(line) ? stars : quoted(line)} is no status line`)
  }

  /** The lines behind a status line, in latin1, up to the final dot. A chunk at a time: there may be a million. */
  async lines(maxLines: number, signal?: AbortSignal): Promise<string[]> {
    const { channel, timeouts } = this
    const lines: string[] = []
    let partial = ''
    for (;;) {
      const chunk = channel.takeChunk()
      if (!chunk) {
        await channel.more(timeouts.stall, signal)
        continue
      }
      const text = chunk.toString('latin1')
      let from = 0
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
        const whole = partial + text.slice(from, text[end - 1] === '\r' ? end - 1 : end)
        const line = whole.endsWith('\r') && text[end - 1] !== '\r' ? whole.slice(0, -1) : whole
        partial = ''
        from = end + 1
        this.#checkLength(line)
        if (line === '.') {
          this.show('received', chunk.subarray(0, from))
          channel.putBack(chunk.subarray(from))
          return lines
        }
        if (lines.length >= maxLines)
          throw channel.fail('limit-exceeded', `an answer of more than ${maxLines} lines`)
        lines.push(line.startsWith('.') ? line.slice(1) : line)
      }
      this.show('received', chunk)
      partial += text.slice(from)
      this.#checkLength(partial)
    }
  }

  #checkLength({ length }: string): void {
    const { line } = this.limits
    if (length > line) throw this.channel.fail('limit-exceeded', `a line of more than ${line} octets`)
  }

  /** Whether there is an onlooker. */
  get isTapped(): boolean {
    return this.#tap !== undefined
  }

  /** Lets the onlooker see octets. */
  show(direction: 'sent' | 'received', octets: Uint8Array): void {
    try {
      this.#tap?.({ direction, octets })
    } catch (cause) {
      throw this.channel.fail('bad-argument', 'the tap threw an error', cause)
    }
  }

  #showReply(line: Buffer, reply: Reply | undefined): void {
    const isChallenge = reply?.status === 'continue'
    const shown = isChallenge ? Buffer.from(`+ ${stars}`) : this.#isSecret(line) ? Buffer.from(stars) : line
    this.show('received', Buffer.concat([shown, lineEnd]))
  }

  #isSecret(line: Buffer): boolean {
    return this.#holdsSecret?.(line.toString()) ?? false
  }

  #watch({ status, responseCode }: Reply): void {
    const command = status === 'continue' ? undefined : this.#watched?.shift()
    if (command && status !== 'continue') {
      const durationMs = performance.now() - command.at
      const event: CommandEvent = {
        session: this.session,
        command: command.shown,
        status,
        responseCode,
        durationMs,
      }
      events.command.publish(event)
    }
  }
}

function checkLine(line: string, { phase }: Channel): void {
  if (/[\r\n\0]/.test(line))
    throw new Pop3Error('bad-argument', 'an argument holds CR, LF or NUL, which no command can carry', {
      phase,
    })
}

const shownCharacters = 60

/** The beginning of a line, for people. */
function quoted(line: Buffer): string {
  const text = line.toString('latin1').replace(/[^\x20-\x7e]/g, '?')
  return JSON.stringify(text.length > shownCharacters ? `${text.slice(0, shownCharacters)}...` : text)
}
