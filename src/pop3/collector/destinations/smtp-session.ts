// One connection to an SMTP or LMTP server (RFC 5321, RFC 2033), kept from letter to letter; the protocol itself is nodemailer's.
// Octets go as they are; only what SMTP cannot carry, a CR without an LF, gets one (RFC 5321 section 2.3.8).
import { Readable } from 'node:stream'
import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { SMTPConnectionCustomAuthContext } from 'nodemailer/lib/smtp-connection'
import { type DialAddress, type DialedSocket, dial, dialUnixSocket } from '../../../net/dialer.ts'
import { pinFault, type Trust, trustOptions } from '../../../net/tls/trust.ts'
import { DestinationError } from '../destination.ts'
import type { Letter } from '../letter.ts'
import { deliveryLine, withDeliveryField } from './delivery-field.ts'
import { type DestinationLogin, type DestinationSecret, secretOf } from './login.ts'
import { smtpFault } from './smtp-fault.ts'

export interface SmtpServer {
  readonly address: DialAddress | { readonly path: string }
  readonly protocol: 'smtp' | 'lmtp'
  /** `offered`: STARTTLS (RFC 3207) where the server has it, and then with a certificate to be trusted. */
  readonly tls: 'implicit' | 'required' | 'offered' | 'none'
  readonly login?: DestinationLogin | undefined
  readonly trust?: Trust | undefined
  /** For EHLO and LHLO. */
  readonly hostname: string
  /** Without an octet from the server; default two minutes. */
  readonly timeoutMs?: number | undefined
}

export interface SmtpEnvelope {
  readonly from: string
  readonly to: string
}

const timeoutMs = 120_000
/** Nobody expects a reply to be longer. */
const maxReplyOctets = 64 * 1024

export class SmtpSession {
  readonly #server: SmtpServer
  readonly #where: string
  #connection: SMTPConnection | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(server: SmtpServer) {
    this.#server = server
    const { address } = server
    this.#where = 'path' in address ? address.path : `${address.host} port ${address.port}`
  }

  /** Resolves when the server has taken the message. One after the other. Throws `DestinationError`. */
  send(letter: Letter, envelope: SmtpEnvelope, signal: AbortSignal): Promise<void> {
    const turn = this.#last.then(() => this.#send(letter, envelope, signal))
    this.#last = turn.catch(() => undefined)
    return turn
  }

  async close(): Promise<void> {
    await this.#last
    this.#connection?.quit()
    this.#connection = undefined
  }

  async #send(letter: Letter, envelope: SmtpEnvelope, signal: AbortSignal): Promise<void> {
    const stop = () => this.#drop()
    signal.addEventListener('abort', stop)
    try {
      signal.throwIfAborted()
      await this.#transmit(await this.#ready(signal), letter, envelope)
    } catch (error) {
      this.#drop()
      if (signal.aborted) throw new DestinationError('unavailable', 'stopped', { cause: error })
      throw smtpFault(error, this.#where)
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  /** The connection of the letter before, if it still answers, or a new one. */
  async #ready(signal: AbortSignal): Promise<SMTPConnection> {
    const kept = this.#connection
    if (kept) {
      const isAlive = await orEnd(kept, done => kept.reset(done)).then(
        () => true,
        () => false,
      )
      if (isAlive) return kept
      this.#drop()
    }
    const { login } = this.#server
    const secret = login && (await secretOf(login, signal))
    const connection = await this.#connect(signal)
    this.#checkPins(connection)
    if (login && secret) await logIn(connection, login.user, secret)
    return connection
  }

  async #connect(signal: AbortSignal): Promise<SMTPConnection> {
    const { address, protocol, tls, trust = {}, hostname } = this.#server
    const waitMs = this.#server.timeoutMs ?? timeoutMs
    const { default: Connection } = await import('nodemailer/lib/smtp-connection')
    const connection = new Connection({
      connection: await this.#dial(waitMs, signal),
      host: 'path' in address ? 'localhost' : address.host,
      name: hostname,
      lmtp: protocol === 'lmtp',
      secure: tls === 'implicit',
      secured: tls === 'implicit',
      requireTLS: tls === 'required',
      ignoreTLS: tls === 'none',
      tls: trustOptions(trust),
      connectionTimeout: waitMs,
      greetingTimeout: waitMs,
      socketTimeout: waitMs,
      maxResponseSize: maxReplyOctets,
      customAuth: { 'X-POPLAR-TOKEN': xoauth2 },
    })
    this.#connection = connection
    connection.once('end', () => {
      if (this.#connection === connection) this.#connection = undefined
    })
    // Beyond the first, an error has its place in the callback of what is under way.
    connection.on('error', () => undefined)
    await orEnd(connection, done => {
      connection.once('error', done)
      connection.connect(done)
    })
    return connection
  }

  async #dial(timeoutMs: number, signal: AbortSignal): Promise<DialedSocket> {
    const { address, tls, trust: { authority, pins = [] } = {} } = this.#server
    if ('path' in address) return dialUnixSocket(address.path, { timeoutMs, signal })
    const dialTls = {
      verify: pins.length === 0 || authority !== undefined,
      ...(authority !== undefined && { authority }),
      ...(pins.length > 0 && { pins }),
    }
    return dial({ ...address, tls: tls === 'implicit' ? dialTls : undefined, timeoutMs, signal })
  }

  /** Also where the server has left STARTTLS out. */
  #checkPins({ _socket: socket }: SMTPConnection): void {
    const problem = socket && pinFault(socket, this.#server.trust ?? {})
    if (problem) throw new DestinationError('configuration', `${this.#where}: ${problem}`)
  }

  async #transmit(connection: SMTPConnection, letter: Letter, { from, to }: SmtpEnvelope): Promise<void> {
    let isRead = false
    async function* message() {
      yield* withDeliveryField(letter)
      isRead = true
    }
    const size = deliveryLine(letter).length + letter.octets
    await orEnd(connection, done =>
      connection.send(
        { from, to: [to], size, use8BitMime: true },
        Readable.from(message(), { objectMode: false }),
        // RFC 2033 section 4.2: LMTP has one reply for each recipient, and here there is one.
        (error, info) => done(error ?? info?.rejectedErrors?.[0]),
      ),
    )
    if (!isRead) throw new Error('the server answered before it had the message')
  }

  #drop(): void {
    this.#connection?.close()
    this.#connection = undefined
  }
}

/** Calls back, or the connection ends first: then some callbacks never come. */
function orEnd(
  connection: SMTPConnection,
  work: (done: (error?: Error | null) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => reject(new Error('the connection was closed'))
    connection.once('end', end)
    work(error => {
      connection.off('end', end)
      if (error) reject(error)
      else resolve()
    })
  })
}

/** PLAIN, LOGIN or CRAM-MD5 for a password, XOAUTH2 for a token. */
async function logIn(connection: SMTPConnection, user: string, secret: DestinationSecret): Promise<void> {
  const auth =
    secret.kind === 'password'
      ? { user, pass: secret.password }
      : { user, pass: secret.token, method: 'X-POPLAR-TOKEN' }
  await orEnd(connection, done => connection.login(auth, done))
}

/** As Gmail and Microsoft have it; a refusal comes as a challenge, which wants an empty answer. */
async function xoauth2(exchange: SMTPConnectionCustomAuthContext): Promise<void> {
  const { user, pass } = exchange.auth.credentials
  const answer = Buffer.from(`user=${user}\x01auth=Bearer ${pass}\x01\x01`).toString('base64')
  let reply = await exchange.sendCommand(`AUTH XOAUTH2 ${answer}`)
  if (reply.status === 334) reply = await exchange.sendCommand('')
  if (reply.status !== 235) throw new Error('the token is refused')
}
