// Commands out, answers in: what both sides say, in order, within the limits. It knows no command.
import type { Channel } from './channel.ts'
import { Pop3Error } from './errors.ts'
import type { Limits, Timeouts } from './options.ts'
import { parseReply, type Reply } from './reply.ts'

/** Blank lines and stray terminators that are passed over in front of a status line: some servers send them. */
const maxStrayLines = 4
const cr = 13

export class Conversation {
  readonly channel: Channel
  readonly timeouts: Required<Timeouts>
  readonly limits: Required<Limits>
  /** Lines that were passed over. */
  strayLines = 0

  constructor(channel: Channel, timeouts: Required<Timeouts>, limits: Required<Limits>) {
    this.channel = channel
    this.timeouts = timeouts
    this.limits = limits
  }

  /** Sends a line. Throws `bad-argument` for one that would be several, and why there is no connection any more. */
  say(line: string): void {
    if (this.channel.failure) throw this.channel.failure
    checkLine(line, this.channel)
    this.channel.send(`${line}\r\n`)
  }

  /** A line without its line end. */
  async line(patienceMs: number, signal?: AbortSignal): Promise<Buffer> {
    for (;;) {
      const line = this.channel.takeLine(this.limits.line)
      if (line) return line[line.length - 1] === cr ? line.subarray(0, -1) : line
      await this.channel.more(patienceMs, signal)
    }
  }

  /** The next status line. Throws `protocol` when it is none. */
  async reply(signal?: AbortSignal, patienceMs = this.timeouts.command): Promise<Reply> {
    for (let strayLines = 0; ; strayLines++) {
      const line = await this.line(patienceMs, signal)
      const reply = parseReply(line)
      if (reply) return reply
      const isStray = line.length === 0 || (line.length === 1 && line[0] === 0x2e)
      if (!isStray || strayLines >= maxStrayLines)
        throw this.channel.fail('protocol', `${shown(line)} is no status line`)
      this.strayLines += 1
    }
  }

  /** The lines behind a status line, in latin1, up to the final dot. */
  async lines(maxLines: number, signal?: AbortSignal): Promise<string[]> {
    const lines: string[] = []
    for (;;) {
      const line = (await this.line(this.timeouts.stall, signal)).toString('latin1')
      if (line === '.') return lines
      if (lines.length >= maxLines)
        throw this.channel.fail('limit-exceeded', `an answer of more than ${maxLines} lines`)
      lines.push(line.startsWith('.') ? line.slice(1) : line)
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
function shown(line: Buffer): string {
  const text = line.toString('latin1').replace(/[^\x20-\x7e]/g, '?')
  return JSON.stringify(text.length > shownCharacters ? `${text.slice(0, shownCharacters)}...` : text)
}
