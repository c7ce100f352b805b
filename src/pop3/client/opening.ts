// The beginning of a session, up to the login: greeting, CAPA (RFC 2449 section 5), UTF8 and LANG (RFC 6856).
import type { Capabilities, CapabilitySource } from './capabilities.ts'
import type { Conversation } from './conversation.ts'
import type { Pop3Error } from './errors.ts'
import type { ConnectOptions, TlsPolicy } from './options.ts'
import { type Quirks, quirksOfGreeting } from './quirks.ts'
import { refusalOf } from './refusal.ts'
import { parseReply, protocolOf } from './reply.ts'

const maxCapabilities = 1_000
/** Alert and handshake, RFC 8446 section 5.1: there may never come a line end. */
const tlsRecordTypes: readonly (number | undefined)[] = [0x15, 0x16]

export class Opening {
  readonly conversation: Conversation
  readonly capabilities: Capabilities
  readonly #quirksWith: (found: Partial<Quirks>) => Quirks
  readonly #signal: AbortSignal | undefined
  quirks: Quirks
  /** For APOP, if the greeting has one. */
  apopTimestamp: string | undefined
  /** The answer to CAPA is due: if the connection is lost now, that was why. */
  isAskingCapabilities = false

  constructor(
    conversation: Conversation,
    capabilities: Capabilities,
    quirksWith: (found: Partial<Quirks>) => Quirks,
    signal: AbortSignal | undefined,
  ) {
    this.conversation = conversation
    this.capabilities = capabilities
    this.#quirksWith = quirksWith
    this.#signal = signal
    this.quirks = quirksWith({})
  }

  /** Throws `not-pop3`, `server-unavailable` and what the server's code says. */
  async greet(policy: TlsPolicy): Promise<void> {
    this.conversation.channel.phase = 'greeting'
    const line = await this.#greeting()
    const reply = parseReply(line)
    if (reply?.status === 'err') throw refusalOf(reply, { phase: 'greeting', command: 'the connection' })
    if (reply?.status !== 'ok') throw this.#notPop3(protocolOf(line))
    this.apopTimestamp = /<[^<>\s]{1,255}@[^<>\s]{1,255}>/.exec(line.toString('latin1'))?.[0]
    this.quirks = this.#quirksWith(quirksOfGreeting(reply.text))
    await this.askCapabilities(policy === 'implicit' ? 'tls' : 'clear')
  }

  async #greeting(): Promise<Buffer> {
    const { channel, timeouts } = this.conversation
    if (channel.unreadOctets === 0) await channel.more(timeouts.greeting, this.#signal)
    if (tlsRecordTypes.includes(channel.firstOctet)) throw this.#notPop3('TLS')
    const line = await this.conversation.line(timeouts.greeting, this.#signal)
    this.conversation.show('received', Buffer.concat([line, Buffer.from('\r\n')]))
    return line
  }

  #notPop3(other: string | undefined): Pop3Error {
    const message = other ? `${other} answers there, not POP3` : 'what answers there is not POP3'
    return this.conversation.channel.fail('not-pop3', message)
  }

  /** A server without CAPA says so; that is no failure. */
  async askCapabilities(source: CapabilitySource): Promise<void> {
    if (!this.quirks.capa) return
    const { conversation } = this
    this.isAskingCapabilities = true
    conversation.say('CAPA')
    const { status } = await conversation.reply(this.#signal)
    if (status === 'ok')
      this.capabilities.add(await conversation.lines(maxCapabilities, this.#signal), source)
    this.isAskingCapabilities = false
  }

  /** What can be had only before the login. A server that refuses stays as it was. */
  async negotiate({ utf8 = false, language }: ConnectOptions): Promise<{
    readonly isUtf8: boolean
    readonly language: string | undefined
  }> {
    const wantsLanguage = language !== undefined && this.capabilities.has('LANG')
    const hasLanguage = wantsLanguage && (await this.#ask(`LANG ${language}`))
    const isUtf8 = utf8 && this.capabilities.has('UTF8') && (await this.#ask('UTF8'))
    return { isUtf8, language: hasLanguage ? language : undefined }
  }

  async #ask(command: string): Promise<boolean> {
    this.conversation.say(command)
    return (await this.conversation.reply(this.#signal)).status === 'ok'
  }
}
