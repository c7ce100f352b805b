// The transaction of a session of SMTP or LMTP as the server has it, RFC 5321 section 3.3: told by the replies. In LMTP each of
// its recipients has a reply behind the message, RFC 2033 section 4.2.
import type { Exchange } from './exchange.ts'

const beginsAnew: ReadonlySet<string> = new Set(['EHLO', 'HELO', 'LHLO', 'RSET', 'STARTTLS'])

export class MailTransaction {
  #sender = ''
  #recipients: readonly string[] = []

  /** What stood behind RCPT, of those that the server has accepted. */
  get recipients(): readonly string[] {
    return this.#recipients
  }

  /** A command that the server has answered. */
  note({ verb, argument }: Exchange, status: string): void {
    if (!status.startsWith('2')) return
    if (verb === 'RCPT') this.#recipients = [...this.#recipients, argument]
    if (verb === 'MAIL') this.#sender = argument
    if (verb === 'MAIL' || beginsAnew.has(verb)) this.#recipients = []
  }

  /** There is none any more. */
  end(): void {
    this.#recipients = []
  }

  /** The commands that make it the same for these recipients alone, each of which has to be accepted. */
  narrow(kept: readonly string[]): readonly string[] {
    this.#recipients = kept
    const commands = ['RSET', `MAIL ${this.#sender}`, ...kept.map(each => `RCPT ${each}`)]
    return commands.map(command => `${command}\r\n`)
  }
}
