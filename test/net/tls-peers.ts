// Both ends of TLS for tests: a listener whose connections are kept, with what was told of them, and clients.
import { once } from 'node:events'
import { connect as connectClear, type Socket } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import type { Connection } from '../../src/net/connection.ts'
import { type Listener, type ListenerOptions, listen } from '../../src/net/listener.ts'
import { silentLog } from '../../src/net/log.ts'
import type { TlsContexts, TlsFailure, TlsServerOptions } from '../../src/net/tls.ts'

/** A connection of the server, with all it told. */
export class Kept {
  readonly connection: Connection
  readonly endings: string[] = []
  received = ''
  /** How `startTls` went; only on a clear listener. */
  upgrade: Promise<'done' | TlsFailure['reason']> | undefined

  constructor(connection: Connection) {
    this.connection = connection
  }
}

export class TlsOffice {
  readonly #listener: Listener
  readonly kept: Kept[]
  readonly failures: string[]

  constructor(listener: Listener, kept: Kept[], failures: string[]) {
    this.#listener = listener
    this.kept = kept
    this.failures = failures
  }

  get port(): number {
    return this.#listener.addresses[0]?.port ?? 0
  }

  get last(): Kept {
    const last = this.kept.at(-1)
    if (!last) throw new Error('nobody came')
    return last
  }

  stopListening(): void {
    this.#listener.close()
  }

  close(): void {
    this.#listener.close()
    for (const { connection } of this.kept) connection.cut()
  }
}

export interface TlsOfficeOptions {
  readonly contexts: TlsContexts
  /** Default `implicit`; with `stls` the octets `STLS` and CRLF are answered with `+OK` and TLS. */
  readonly style?: 'implicit' | 'stls'
  readonly handshakeTimeoutMs?: number
  readonly listener?: Partial<ListenerOptions>
  /** Default: greets, and answers the peer's end with its own. */
  readonly onReady?: (kept: Kept) => void
}

export const log = silentLog

export async function openTlsOffice(options: TlsOfficeOptions): Promise<TlsOffice> {
  const { contexts, style = 'implicit', handshakeTimeoutMs = 10_000, onReady = greet } = options
  const tls: TlsServerOptions = { contexts, alpn: 'pop3', handshakeTimeoutMs }
  const kept: Kept[] = []
  const failures: string[] = []
  const listener = await listen({
    addresses: [{ host: '127.0.0.1', port: 0 }],
    limits: { total: 100, perAddress: 100, countLoopback: true },
    refusal: 'full\r\n',
    ...(style === 'implicit' && { tls }),
    onTlsFailure: (_peer, reason) => failures.push(reason),
    onConnection: connection => {
      const each = new Kept(connection)
      kept.push(each)
      connection.handleWith({
        received: chunk => {
          each.received += Buffer.from(chunk).toString('latin1')
          if (style === 'stls' && !each.upgrade && each.received.startsWith('STLS\r\n'))
            upgrade(each, tls, onReady)
        },
        inputEnded: () => {
          each.endings.push('input')
          connection.end()
        },
        closed: () => each.endings.push('closed'),
      })
      if (style === 'implicit') onReady(each)
    },
    ...options.listener,
  })
  return new TlsOffice(listener, kept, failures)
}

function greet({ connection }: Kept): void {
  connection.sendText('+OK ')
  connection.sendText('ready\r\n')
  connection.flush()
}

function upgrade(kept: Kept, tls: TlsServerOptions, onReady: (kept: Kept) => void): void {
  kept.connection.sendText('+OK begin\r\n')
  kept.received = ''
  kept.upgrade = kept.connection.startTls(tls).then(
    () => {
      onReady(kept)
      return 'done'
    },
    (failure: TlsFailure) => failure.reason,
  )
}

/** Trusts anyone, and asks for no name, unless told otherwise. Rejects when the handshake fails. */
export async function connectTls(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  await once(socket, 'secureConnect')
  return socket
}

/** A client in clear that has sent STLS and read its reply. */
export async function askForTls(port: number): Promise<Socket> {
  const socket = connectClear({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.write('STLS\r\n')
  const [reply] = (await once(socket, 'data')) as [Buffer]
  if (reply.toString() !== '+OK begin\r\n') throw new Error(`answered ${reply.toString()}`)
  socket.removeAllListeners('data')
  return socket
}

/** The same, by both styles. */
export async function connectBy(
  style: 'implicit' | 'stls',
  port: number,
  options: ConnectionOptions = {},
): Promise<TLSSocket> {
  return connectTls(port, style === 'implicit' ? options : { ...options, socket: await askForTls(port) })
}

/** Everything up to the other side's end. */
export async function readAll(socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket) text += (chunk as Buffer).toString('latin1')
  return text
}

/** The first octets that come. */
export async function readSome(socket: Socket): Promise<string> {
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  return chunk.toString('latin1')
}
