// AUTH on the library's connection, RFC 4954: the office's own mechanisms, offered where they work and nowhere else. Whatever
// goes wrong in an exchange, the client is told the same.
import type { SMTPServer } from 'smtp-server'
import type { SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js'
import type { Login, LoginOrigin } from '../../auth/login.ts'
import type { Sasl, SaslExchange, SaslStep } from '../../auth/sasl.ts'
import { Refusal } from '../../mail/errors.ts'
import { Channel } from '../../net/tls/channel.ts'
import type { TlsServerOptions } from '../../net/tls.ts'
import { type ReplyName, replies } from './replies.ts'
import { SecurableConnection, type Socket } from './securable-connection.ts'

/** Who may log in, and where. */
export interface IntakeLogins {
  readonly sasl: Sasl
  /** Mail is taken from those alone who have logged in. */
  readonly isRequired: boolean
  /** Whether a login may travel without TLS. */
  readonly mayBeClear: boolean
}

const strictBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

type Done = () => void

export abstract class LoginConnection extends SecurableConnection {
  readonly #logins: IntakeLogins | undefined
  readonly #contexts: TlsServerOptions['contexts'] | undefined
  #login: Login | undefined
  #mechanism: string | undefined
  #exchange: SaslExchange | undefined

  constructor(
    server: SMTPServer,
    socket: Socket,
    options: SMTPConnectionOptions,
    tls: TlsServerOptions | undefined,
    logins: IntakeLogins | undefined,
  ) {
    super(server, socket, options, tls)
    this.#logins = logins
    this.#contexts = tls?.contexts
    // Errors are counted by the session; what is none may come as often as anybody likes.
    this._maxAllowedUnauthenticatedCommands = false
  }

  /** The account's name once someone has logged in. What was before TLS is forgotten, RFC 3207 section 4.2: the library does so. */
  get user(): string | undefined {
    return this.session.user ? this.#login?.account.name : undefined
  }

  get mechanism(): string | undefined {
    return this.user === undefined ? undefined : this.#mechanism
  }

  /** The next line is a response of AUTH, and nothing else. */
  get isAuthenticating(): boolean {
    return this.#exchange !== undefined
  }

  override handler_EHLO(command: Buffer, callback: Done): void {
    // The library writes down what its options say, for all connections alike.
    this._server.options.authMethods = [...this.#offered()]
    super.handler_EHLO(command, callback)
  }

  override handler_AUTH(command: Buffer, callback: Done): void {
    const [, name = '', initial, ...more] = command.toString('latin1').trim().split(/ +/)
    if (name === '' || more.length > 0) return this.#refuse('bad-auth', callback)
    if (this.user !== undefined || this.session.envelope?.mailFrom)
      return this.#refuse('auth-out-of-order', callback)
    if (!this.secure && !this.#logins?.mayBeClear) return this.#refuse('auth-in-clear', callback)
    const exchange = this.#logins?.sasl.begin(name, this.#origin())
    if (!exchange) return this.#refuse('no-such-mechanism', callback)
    this.#mechanism = name.toUpperCase()
    this.#exchange = exchange
    void this.#respond(exchange, initial === '=' ? '' : initial, callback)
  }

  override _onClose(): void {
    this.#exchange?.abandon?.()
    super._onClose()
  }

  #offered(): readonly string[] {
    if (!this.#logins || !(this.secure || this.#logins.mayBeClear)) return []
    return this.#logins.sasl.mechanisms(this.#origin().channel)
  }

  #origin(): LoginOrigin {
    const socket = this._socket
    const channel =
      this.secure && this.#contexts && 'getProtocol' in socket
        ? new Channel(socket, this.#contexts)
        : undefined
    return { protocol: 'smtp', peer: this.remoteAddress, sessionId: this.id, channel }
  }

  /** One response of the client; undefined where it began without. */
  async #respond(exchange: SaslExchange, line: string | undefined, callback: Done): Promise<void> {
    this.#exchange = undefined
    if (line === '*' || (line !== undefined && !strictBase64.test(line))) {
      exchange.abandon?.()
      return this.#refuse(line === '*' ? 'auth-cancelled' : 'bad-base64', callback)
    }
    try {
      const step = await exchange.next(line === undefined ? undefined : Buffer.from(line, 'base64'))
      if (!this._closed) this.#act(exchange, step, callback)
    } catch (error) {
      this.#refuse(error instanceof Refusal ? 'login-unavailable' : 'fault', callback)
    }
  }

  #act(exchange: SaslExchange, step: SaslStep, callback: Done): void {
    if (step.kind === 'failure') return this.#refuse('login-refused', callback)
    if (step.kind === 'challenge')
      return this.#ask(
        step.octets,
        exchange,
        (line, done) => void this.#respond(exchange, line, done),
        callback,
      )
    const { login } = step
    if (!step.octets) return this.#enter(login, callback)
    // 235 has no room for a mechanism's last words: they are one more challenge. RFC 4954 section 4.
    this.#ask(
      step.octets,
      exchange,
      (line, done) => (line === '' ? this.#enter(login, done) : this.#refuse('login-refused', done)),
      callback,
    )
  }

  #ask(
    octets: Uint8Array,
    exchange: SaslExchange,
    next: (line: string, done: Done) => void,
    callback: Done,
  ): void {
    this.#exchange = exchange
    this._nextHandler = (command, done) => {
      this.#exchange = undefined
      next(command.toString('latin1').trim(), done)
    }
    this.send(334, Buffer.from(octets).toString('base64'), false)
    callback()
  }

  #enter(login: Login, callback: Done): void {
    this.#login = login
    this.session.user = login.account.name
    const { code, text } = replies['logged-in']
    this.send(code, text)
    callback()
  }

  #refuse(name: ReplyName, callback: Done): void {
    const { code, text } = replies[name]
    this.send(code, text)
    callback()
  }
}
