// One SMTP or LMTP session (RFC 5321, RFC 2033) on the library's connection. The library reads commands and answers those
// that need no mail office; here are the transaction, the data phase, the limits and the truth of the replies.

import type { SMTPServer, SMTPServerAddress } from 'smtp-server'
import type { SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js'
import type { DeliveryReceipt, MailDelivery, Recipient } from '../../mail/delivery/deliver.ts'
import type { Envelope } from '../../mail/envelope.ts'
import { transmissionType } from '../../mail/message/trace.ts'
import type { Octets } from '../../mail/octets.ts'
import type { Log } from '../../net/log.ts'
import type { ObservedSession, ObservedTls, Observer, TracedLine, Tracer } from '../../net/observer.ts'
import type { TlsServerOptions } from '../../net/tls.ts'
import { DataParser } from './data-parser.ts'
import { type IntakeLogins, LoginConnection } from './login-connection.ts'
import { MessageFeed, PeerGone } from './message-feed.ts'
import { parsePathCommand } from './path-command.ts'
import { acceptance, type Reply, type ReplyName, replies, replyNameOf } from './replies.ts'
import type { HandshakeFailure, Socket } from './securable-connection.ts'
import { isKnownReason, type SessionSummary, startSummary } from './session-summary.ts'
import { observedVerb, resultOf, tracedCommand, tracedReply, tracedResponse } from './traced-lines.ts'

/** What all sessions of an intake share. */
export interface IntakeServices {
  readonly protocol: 'smtp' | 'lmtp'
  readonly delivery: MailDelivery
  readonly maxRecipients: number
  /** A command, or `minDataOctets` of a message, must come in this time. */
  readonly timeoutMs: number
  /** A message that comes slower than this many octets in `timeoutMs` is given up. */
  readonly minDataOctets: number
  readonly log: Log
  /** STARTTLS is offered when it is given. */
  readonly tls: TlsServerOptions | undefined
  /** AUTH is offered when it is given. */
  readonly logins: IntakeLogins | undefined
  readonly onHandshakeFailed: () => void
  readonly observer: Observer | undefined
  /** Undefined where nobody may. */
  readonly mayUseXclient: ((address: string) => boolean) | undefined
}

/** Replies 500 to 504 and 555 after which a session is ended. */
const maxErrors = 20
const mailParameters = new Set(['SIZE', 'BODY', 'SMTPUTF8'])
const enhancedStatus = /^[245]\.\d{1,3}\.\d{1,3} /

export class IntakeConnection extends LoginConnection implements ObservedSession {
  readonly startedAtMs = performance.now()
  tracer: Tracer | undefined
  readonly #services: IntakeServices
  readonly #summary: SessionSummary
  /** Who has connected, whatever it says later. */
  readonly #proxy: string
  #recipients: Recipient[] = []
  #announcedOctets = 0
  #feed: MessageFeed | undefined
  #errors = 0
  #isDraining = false
  #progressAtMs = performance.now()
  #octetsSinceProgress = 0
  #messageOctets = 0
  #commandCount = 0
  #activeAtMs = this.startedAtMs
  /** Of the command that is being answered; of none once it was. */
  #verb: string | undefined
  /** The message is whole, and its replies have not gone out. */
  #isCommitting = false
  #isKilled = false
  #channel: ObservedTls | undefined
  /** Octets of the socket that TLS took the place of; and those there were when its handshake began. */
  #clear = { octetsIn: 0, octetsOut: 0 }
  #beforeTls = this.#clear

  constructor(server: SMTPServer, socket: Socket, options: SMTPConnectionOptions, services: IntakeServices) {
    super(server, socket, options, services.tls, services.logins)
    this.#services = services
    this.#proxy = this.remoteAddress
    this.#summary = startSummary(this.id, this.remoteAddress)
  }

  get protocol(): 'smtp' | 'lmtp' {
    return this.#services.protocol
  }

  get service(): string {
    return this.#services.protocol
  }

  get peer(): string {
    return this.remoteAddress
  }

  get stateName(): string {
    if (this.#feed) return 'data'
    return this.session.envelope?.mailFrom ? 'mail' : 'command'
  }

  get channel(): ObservedTls | undefined {
    return this.#channel
  }

  get octetsIn(): number {
    return this.#clear.octetsIn + this._socket.bytesRead
  }

  get octetsOut(): number {
    return this.#clear.octetsOut + this._socket.bytesWritten
  }

  get commandCount(): number {
    return this.#commandCount
  }

  get activeAtMs(): number {
    return this.#activeAtMs
  }

  /** A message that is being stored gets its reply first: its sender would send it again. */
  endByOperator(): void {
    if (this.#isCommitting) this.#isKilled = true
    else this.#end('killed', 'killed')
  }

  /** The library's own list has addresses only, and no ranges. */
  override _proxyCommandAllowed(command: string): boolean {
    const isFirst = !this._xClient.has('ADDR')
    return command === 'XCLIENT' && isFirst && this.#services.mayUseXclient?.(this.#proxy) === true
  }

  /** MAIL, its syntax and SIZE already checked. The name of the refusal, or undefined when it is granted. */
  acceptReversePath({ address, args }: SMTPServerAddress): ReplyName | undefined {
    const parameters = args || {}
    if (Object.keys(parameters).some(name => !mailParameters.has(name))) return 'unknown-parameter'
    if (!isAscii(address) && parameters.SMTPUTF8 !== true) return 'needs-smtputf8'
    this.#announcedOctets = Number(parameters.SIZE ?? 0)
    return undefined
  }

  /** RCPT, its syntax already checked. The name of the refusal, or undefined when it is granted. */
  async acceptForwardPath({ address, args }: SMTPServerAddress): Promise<ReplyName | undefined> {
    if (args) return 'unknown-parameter'
    if (!isAscii(address) && !this.session.envelope.smtpUtf8) return 'needs-smtputf8'
    if (this.#recipients.length >= this.#services.maxRecipients) return 'too-many-recipients'
    try {
      const resolution = await this.#services.delivery.resolve(address, this.#announcedOctets)
      if (!resolution.recipient) return resolution.refusal
      this.#recipients.push(resolution.recipient)
      this.#summary.recipients += 1
      return undefined
    } catch (error) {
      return this.#refusalFor(error)
    }
  }

  /** Ends the session as soon as nothing is under way. */
  drain(): void {
    this.#isDraining = true
    if (!this.#isBusy()) this.#end('draining', 'drain')
  }

  /** Ends the session now, whatever is under way. */
  terminate(reason: string): void {
    this.#end('draining', reason)
  }

  /** Something threw where nothing may: the session cannot go on, the others can. */
  fail(error: unknown): void {
    this.#services.log.error({ id: this.id, err: error }, 'session failed')
    this.#summary.reason = 'fault'
    this.cut()
  }

  /** Closes at once; what the peer did not read yet is lost. */
  cut(): void {
    this._socket.destroy()
  }

  /** Gives up a peer that is too slow. To be called every now and then. */
  sweep(nowMs: number): void {
    if (this._handlerPending || this.isHandshaking) this.#progressAtMs = nowMs
    else if (nowMs - this.#progressAtMs > this.#services.timeoutMs) this.#end('too-slow', 'timeout')
  }

  protected handshakeSucceeded(socket: Socket): void {
    if ('getProtocol' in socket) {
      const version = socket.getProtocol() ?? 'unknown'
      this.#summary.tls = version
      this.#clear = this.#beforeTls
      this.#channel = { version, cipher: socket.getCipher().standardName }
      if (this.tracer) this.#trace({ from: 'note', text: `TLS: ${version}` })
    }
    this.#progressAtMs = performance.now()
  }

  protected handshakeFailed(reason: HandshakeFailure): void {
    this.#services.onHandshakeFailed()
    if (reason === 'injection') return this.#end('injection', reason)
    this.#summary.reason ??= `handshake: ${reason}`
    this.cut()
  }

  /** Without the library's delay of 100 ms, which is there to catch clients that talk before the greeting. */
  override init(): void {
    this.#services.observer?.opened?.(this)
    this._setListeners(() => this.connectionReady())
  }

  /** A reply that begins with an enhanced status code keeps it; to others the library adds the one it has for the code. */
  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    const hasStatus = typeof data === 'string' && enhancedStatus.test(data)
    this.#gatherReplies()
    super.send(code, data, hasStatus ? false : context)
    if (this.tracer) {
      const status = !hasStatus && this._getEnhancedStatusCode(code, context)
      for (const line of tracedReply(code, data, status)) this.#trace(line)
    }
    this.#answered(code)
    if (code === 421) this.#summary.reason ??= String(data)
    else if (code >= 400) this.#summary.refused += 1
    if (!isError(code)) return
    this.#errors += 1
    if (this.#errors >= maxErrors) this.#end('too-many-errors', 'too many errors')
  }

  override upgrade(callback: () => void, secureCallback?: () => void): void {
    const { octetsIn, octetsOut } = this
    this.#beforeTls = { octetsIn, octetsOut }
    super.upgrade(callback, secureCallback)
  }

  override _createParser(): DataParser {
    const { maxCommandLength } = this._server.options
    const parser = new DataParser({ maxCommandLength }, (command, callback) =>
      this._onCommand(command, callback),
    )
    // The one error of the parser: a line that is too long.
    parser.on('error', () => this.#end('line-too-long', 'line too long'))
    if (!this.secure) parser.onForeign = reason => this.#end(reason, reason)
    return parser
  }

  override _onCommand(command: Buffer, callback?: () => void): void {
    this.#progressAtMs = performance.now()
    this.#activeAtMs = this.#progressAtMs
    this.#commandCount += 1
    if (this.#services.observer?.command) this.#verb = observedVerb(command)
    if (this.tracer) this.#trace(this.isAuthenticating ? tracedResponse(command) : tracedCommand(command))
    super._onCommand(command, callback)
  }

  override _onTimeout(): void {
    if (this._closing || this._handlerPending) super._onTimeout()
    else if (!this.isHandshaking) this.#end('too-slow', 'timeout')
  }

  override _whenWritable(next: () => void): void {
    if (this.#isDraining && !this.#isBusy()) this.#end('draining', 'drain')
    super._whenWritable(next)
  }

  override _parseAddressCommand(verb: string, line: Buffer | string) {
    return parsePathCommand(verb === 'mail from' ? 'MAIL FROM' : 'RCPT TO', line.toString())
  }

  override _resetSession(): void {
    super._resetSession()
    this.#recipients = []
    this.#announcedOctets = 0
    this.#feed = undefined
  }

  override _onClose(): void {
    const isFirst = !this._closed
    super._onClose()
    if (!isFirst) return
    this.#feed?.abort(new PeerGone())
    this.#summary.helo = this.hostNameAppearsAs || undefined
    this.#summary.reason ??= 'peer closed'
    // XCLIENT may have named another.
    const summary = { ...this.#summary, peer: this.remoteAddress }
    this.#services.log.info(summary, `${this.#services.protocol} session`)
    const { reason } = this.#summary
    if (this.tracer) this.#trace({ from: 'note', text: `ended: ${reason}` })
    this.#services.observer?.ended?.(this, isKnownReason(reason) ? reason : '421')
    this.emit('closed')
  }

  override handler_QUIT(command: Buffer, callback: () => void): void {
    if (this.#refusesArgument(command, callback)) return
    this.#summary.reason = 'quit'
    super.handler_QUIT(command, callback)
  }

  override handler_RSET(command: Buffer, callback: () => void): void {
    if (!this.#refusesArgument(command, callback)) super.handler_RSET(command, callback)
  }

  handler_EXPN(_command: Buffer, callback: () => void): void {
    this.#reply(replies['no-expansion'])
    callback()
  }

  /** Takes the place of the library's, which puts a stream between its parser and us. */
  override handler_DATA(command: Buffer, callback: () => void): void {
    if (this.#refusesArgument(command, callback)) return
    if (this.#recipients.length === 0) this.#reply(replies['no-recipients'])
    else this.#receiveMessage()
    callback()
  }

  /** RSET, DATA and QUIT have none, RFC 5321 section 4.1.1. True when the command was answered with that. */
  #refusesArgument(command: Buffer, callback: () => void): boolean {
    const isBare = /^[A-Za-z]+\s*$/.test(command.toString('latin1'))
    if (isBare) return false
    this.#reply(replies['no-arguments'])
    callback()
    return true
  }

  #receiveMessage(): void {
    const parser = this._parser
    if (!(parser instanceof DataParser)) return
    const [envelope, recipients] = [this.#envelope(), this.#recipients]
    let answers: Promise<readonly Reply[]> | undefined
    const feed = new MessageFeed(octets => {
      answers = this.#deliver(envelope, octets, recipients).finally(() => feed.discard())
    })
    this.#feed = feed
    parser.receiveData({
      write: octets => {
        this.#countProgress(octets.length)
        this.#messageOctets += octets.length
        const wait = feed.write(octets)
        return wait && this.#whilePending(wait)
      },
      end: resume => {
        feed.end()
        this.#messageArrived()
        if (!answers) return
        this.#isCommitting = true
        this.#whilePending(answers)
          .then(given => this.#answer(given, resume))
          .catch(error => this.fail(error))
      },
    })
    this.send(354, 'End data with <CR><LF>.<CR><LF>')
  }

  async #deliver(
    envelope: Envelope,
    octets: Octets,
    recipients: readonly Recipient[],
  ): Promise<readonly Reply[]> {
    const isLmtp = this.#services.protocol === 'lmtp'
    let answers: readonly Reply[]
    try {
      const mode = isLmtp ? 'each' : 'all'
      const receipt = await this.#services.delivery.deliver(envelope, octets, recipients, mode)
      answers = answersOf(receipt)
      if (answers.some(isAcceptance)) this.#summary.octets += receipt.octets
    } catch (error) {
      const refusal = replies[this.#refusalFor(error)]
      answers = recipients.map(() => refusal)
    }
    if (isLmtp) return answers
    return [answers.find(reply => !isAcceptance(reply)) ?? answers[0] ?? replies.fault]
  }

  /** Ends the transaction with its replies, one in SMTP, one for each recipient in LMTP. */
  #answer(answers: readonly Reply[], resume: () => void): void {
    for (const reply of answers) {
      if (isAcceptance(reply)) this.#summary.accepted += 1
      this.#services.observer?.delivery?.(this, String(reply.code))
      this.#reply(reply)
    }
    this.#isCommitting = false
    this.#summary.transactions += 1
    this._transactionCounter += 1
    this._unrecognizedCommands = 0
    this._resetSession()
    if (this.#isKilled) return this.#end('killed', 'killed')
    this._whenWritable(resume)
  }

  #envelope(): Envelope {
    const { mailFrom, smtpUtf8 = false } = this.session.envelope
    const isExtended = this.openingCommand !== 'HELO'
    const dialogue = this.#services.protocol === 'lmtp' ? 'LMTP' : isExtended ? 'ESMTP' : 'SMTP'
    return {
      reversePath: mailFrom ? mailFrom.address : '',
      forwardPaths: this.#recipients.map(({ address }) => address),
      peerAddress: this.remoteAddress || undefined,
      heloName: this.hostNameAppearsAs || undefined,
      protocol: transmissionType(dialogue, {
        smtpUtf8,
        secure: this.secure,
        authenticated: this.user !== undefined,
      }),
      cipherSuite: this.tlsOptions ? this.tlsOptions.standardName : undefined,
      smtpUtf8,
      sessionId: this.id,
      receivedAt: new Date(),
    }
  }

  #refusalFor(error: unknown): ReplyName {
    const name = replyNameOf(error)
    if (name === 'fault' && !(error instanceof PeerGone)) {
      this.#services.log.error({ id: this.id, err: error }, 'delivery failed')
    }
    return name
  }

  #reply({ code, text }: Reply): void {
    this.send(code, text)
  }

  /** Replies to what came in together leave together: a write to the socket is the dearest step of a small message. */
  #gatherReplies(): void {
    const socket = this._socket
    if (socket.writableCorked > 0) return
    socket.cork()
    setImmediate(() => socket.uncork())
  }

  #end(name: ReplyName, reason: string): void {
    if (this._closing || this._closed) return
    this.#summary.reason = reason
    // Between the records of a handshake there is no room for a reply.
    if (this.isHandshaking) return this.cut()
    this.#reply(replies[name])
    this.close()
  }

  /** The peer waits for us: its time does not run. */
  async #whilePending<T>(work: Promise<T>): Promise<T> {
    this._handlerPending = true
    const result = await work
    this._handlerPending = false
    this.#progressAtMs = performance.now()
    return result
  }

  #countProgress(octets: number): void {
    this.#octetsSinceProgress += octets
    if (this.#octetsSinceProgress < this.#services.minDataOctets) return
    this.#octetsSinceProgress = 0
    this.#progressAtMs = performance.now()
  }

  /** The time of its reply begins. */
  #messageArrived(): void {
    if (this.tracer) this.#trace({ from: 'note', text: `a message of ${this.#messageOctets} octets` })
    this.#messageOctets = 0
    this.#activeAtMs = performance.now()
    this.#verb = 'DATA'
  }

  #answered(code: number): void {
    const { observer } = this.#services
    if (!observer?.command || this.#verb === undefined) return
    observer.command(this, this.#verb, resultOf(code), performance.now() - this.#activeAtMs)
    this.#verb = undefined
  }

  #trace(line: TracedLine): void {
    this.tracer?.trace(this, line)
  }

  #isBusy(): boolean {
    return this._handlerPending || Boolean(this.session.envelope?.mailFrom)
  }
}

/** Replies to what could not be read or came out of order; not those that refuse a recipient or a message. */
function isError(code: number): boolean {
  return (code >= 500 && code <= 504) || code === 555
}

function answersOf({ id, outcomes }: DeliveryReceipt): readonly Reply[] {
  return outcomes.map(outcome => {
    if (outcome.delivered) return acceptance(id)
    const { reason } = outcome
    return replies[reason === 'over-quota' || reason === 'no-such-account' ? reason : 'fault']
  })
}

function isAcceptance({ code }: Reply): boolean {
  return code === 250
}

function isAscii(text: string): boolean {
  return /^[\x00-\x7f]*$/.test(text)
}
