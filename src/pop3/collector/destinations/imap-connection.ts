// One connection to an IMAP server with one folder selected, kept from letter to letter; the protocol itself is imapflow's.
// Nothing that the server sends ends the process.
import type { ImapFlow } from 'imapflow'
import type { Trust } from '../../../net/tls/trust.ts'
import { DestinationError } from '../destination.ts'
import { connectImap, failureOf } from '../sources/imap/connection.ts'
import { imapFault } from './imap-fault.ts'
import { type DestinationLogin, secretOf } from './login.ts'

export interface ImapServer {
  readonly host: string
  readonly port: number
  readonly tls: 'implicit' | 'required' | 'none'
  readonly login: DestinationLogin
  readonly trust?: Trust | undefined
  /** Without an octet from the server; default a minute. */
  readonly timeoutMs?: number | undefined
}

export class ImapConnection {
  readonly #server: ImapServer
  readonly #folder: string
  readonly #where: string
  #client: ImapFlow | undefined

  constructor(server: ImapServer, folder: string) {
    this.#server = server
    this.#folder = folder
    this.#where = `${server.host} port ${server.port}`
  }

  /** `mayCreate`: whether a missing folder is made. After a failure, the connection is another one. Throws `DestinationError`. */
  async use<T>(
    signal: AbortSignal,
    work: (client: ImapFlow) => Promise<T>,
    { mayCreate = true }: { readonly mayCreate?: boolean } = {},
  ): Promise<T> {
    const stop = () => this.#drop()
    signal.addEventListener('abort', stop)
    try {
      signal.throwIfAborted()
      return await work(await this.#ready(signal, mayCreate))
    } catch (thrown) {
      // Whoever waited hears only that the connection is gone.
      const error = (this.#client && failureOf(this.#client)) ?? thrown
      this.#drop()
      if (signal.aborted) throw new DestinationError('unavailable', 'stopped', { cause: error })
      throw imapFault(error, this.#where)
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  async close(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    if (client?.usable) await client.logout().catch(() => undefined)
    client?.close()
  }

  async #ready(signal: AbortSignal, mayCreate: boolean): Promise<ImapFlow> {
    const kept = this.#client
    if (kept?.usable && kept.mailbox) {
      const isAlive = await kept.noop().then(
        () => kept.usable,
        () => false,
      )
      if (isAlive) return kept
    }
    this.#drop()
    const client = await this.#connect(signal)
    await this.#select(client, mayCreate)
    return client
  }

  async #connect(signal: AbortSignal): Promise<ImapFlow> {
    const { host, port, tls, login, trust: { authority, pins = [] } = {} } = this.#server
    const secret = await secretOf(login, signal)
    const waitMs = this.#server.timeoutMs
    const client = await connectImap(
      {
        ...{ host, port, pins, authority, proxy: undefined, user: login.user },
        tls: tls === 'required' ? 'stls' : tls,
        allowCleartextAuth: tls === 'none',
        secret: secret.kind === 'password' ? { password: secret.password } : { token: secret.token },
        ...(waitMs !== undefined && { timeouts: { connect: waitMs, greeting: waitMs, stall: waitMs } }),
      },
      signal,
    )
    this.#client = client
    return client
  }

  /** Read-only: nothing is seen or recent because of us. */
  async #select(client: ImapFlow, mayCreate: boolean): Promise<void> {
    try {
      await client.mailboxOpen(this.#folder, { readOnly: true })
    } catch (error) {
      if (!mayCreate || !(error as { readonly mailboxMissing?: boolean }).mailboxMissing) throw error
      await client.mailboxCreate(this.#folder)
      await client.mailboxOpen(this.#folder, { readOnly: true })
    }
  }

  #drop(): void {
    this.#client?.close()
    this.#client = undefined
  }
}
