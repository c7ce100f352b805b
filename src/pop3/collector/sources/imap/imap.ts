// Folders of an IMAP server as a source, RFC 9051. Nothing is seen there because of it: folders are examined, octets are peeked
// at, and only `commit` selects a folder, to expunge what was marked and nothing else (UIDPLUS, RFC 4315).
import type { ImapFlow as Connection } from 'imapflow'
import {
  type FetchedMessage,
  type Source,
  SourceError,
  type SourceListing,
  type SourceMessage,
  type SourceOutcome,
  type SourceSession,
} from '../../source.ts'
import type { ClientIdentity } from '../certificate-files.ts'
import { connectImap, failureOf, type ImapConnectionOptions, type ImapSecret } from './connection.ts'
import { expungeIn } from './expunge.ts'
import { imapFault } from './fault.ts'
import { fetchBodies, fetchHeaders } from './fetch.ts'
import { type Folder, listFolder, type Place } from './folder.ts'

export interface ImapSourceOptions {
  readonly name: string
  readonly user: string
  /** Asked before each login; again, with `isRetry`, when the server did not take a token. Throws `SecretError`. */
  readonly secret: (signal: AbortSignal, isRetry: boolean) => Promise<ImapSecret>
  readonly folders: readonly string[]
  readonly connection: Omit<ImapConnectionOptions, 'user' | 'secret' | 'authority' | 'identity'>
  /** PEM, trusted besides the usual ones; read before each connection. */
  readonly authority?: (() => Promise<string>) | undefined
  /** Shown to a server that asks who the client is; read before each connection. */
  readonly identity?: (() => Promise<ClientIdentity>) | undefined
}

export function imapSource(options: ImapSourceOptions): Source {
  const { name, user, folders, connection } = options
  const host = connection.host.toLowerCase()
  return {
    name,
    identity: `imap ${user}@${host.includes(':') ? `[${host}]` : host}:${connection.port}`,
    async open(signal) {
      return new ImapSourceSession(await logIn(options, signal), { host, folders })
    },
  }
}

async function logIn(options: ImapSourceOptions, signal: AbortSignal): Promise<Connection> {
  const { user, connection } = options
  const attempt = async (isRetry: boolean) => {
    const secret = await options.secret(signal, isRetry)
    const authority = await options.authority?.()
    const identity = await options.identity?.()
    return {
      secret,
      result: await connectImap({ ...connection, authority, identity, user, secret }, signal).catch(toError),
    }
  }
  try {
    let { secret, result } = await attempt(false)
    // A token may have been withdrawn before its time.
    if (result instanceof Error && 'token' in secret && isRefused(result))
      ({ secret, result } = await attempt(true))
    if (result instanceof Error) throw result
    return result
  } catch (error) {
    throw imapFault(error, connection.host, signal)
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error('something that is no error was thrown', { cause: error })
}

function isRefused(error: Error): boolean {
  return (error as { readonly authenticationFailed?: boolean }).authenticationFailed === true
}

class ImapSourceSession implements SourceSession {
  readonly #connection: Connection
  readonly #host: string
  readonly #folders: readonly string[]
  readonly #places = new Map<SourceMessage, Place>()
  readonly #marked = new Map<SourceMessage, Place>()

  constructor(
    connection: Connection,
    { host, folders }: { readonly host: string; readonly folders: readonly string[] },
  ) {
    this.#connection = connection
    this.#host = host
    this.#folders = folders
  }

  async listing(signal: AbortSignal): Promise<SourceListing> {
    this.#places.clear()
    return this.#translated(signal, async () => {
      const messages: SourceMessage[] = []
      for (const path of this.#folders) {
        for (const [message, place] of await listFolder(this.#connection, path)) {
          messages.push(message)
          this.#places.set(message, place)
        }
      }
      return { messages, oddities: [] }
    })
  }

  retrieve(messages: readonly SourceMessage[], signal: AbortSignal): AsyncIterable<FetchedMessage> {
    return this.#fetch(messages, fetchBodies, signal)
  }

  headers(messages: readonly SourceMessage[], signal: AbortSignal): AsyncIterable<FetchedMessage> {
    return this.#fetch(messages, fetchHeaders, signal)
  }

  markDeleted(message: SourceMessage): void {
    this.#marked.set(message, this.#placeOf(message))
  }

  async commit(signal: AbortSignal): Promise<SourceOutcome> {
    const refused: SourceMessage[] = []
    for (const [folder, messages] of this.#byFolder([...this.#marked.keys()])) {
      const uids = new Map(messages.map(message => [this.#marked.get(message)?.uid ?? 0, message]))
      const left = await expungeIn(this.#connection, folder, [...uids.keys()]).catch(() => undefined)
      // What was asked before may have been done, or not.
      if (!left || signal.aborted) return this.#ended('unknown', refused)
      refused.push(...left.flatMap(uid => uids.get(uid) ?? []))
    }
    return this.#ended('committed', refused)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.close()
  }

  async #ended(state: SourceOutcome['state'], refused: readonly SourceMessage[]): Promise<SourceOutcome> {
    if (this.#connection.usable) await this.#connection.logout().catch(() => undefined)
    this.#connection.close()
    return { state, refused }
  }

  async *#fetch(
    messages: readonly SourceMessage[],
    fetch: typeof fetchBodies,
    signal: AbortSignal,
  ): AsyncGenerator<FetchedMessage, void> {
    const fault = (error: unknown) => this.#fault(error, signal)
    for (const [folder, group] of this.#byFolder(messages)) {
      const wanted = group.map(message => ({ message, uid: this.#placeOf(message).uid }))
      const fetching = fetch(this.#connection, folder, wanted, fault)
      for (;;) {
        const { value, done } = await this.#translated(signal, () => fetching.next())
        if (done) break
        yield value
      }
    }
  }

  /** Neighbours that are in one folder; the order stays. */
  #byFolder(messages: readonly SourceMessage[]): (readonly [Folder, SourceMessage[]])[] {
    const groups: (readonly [Folder, SourceMessage[]])[] = []
    for (const message of messages) {
      const { folder } = this.#marked.get(message) ?? this.#placeOf(message)
      const last = groups.at(-1)
      if (last?.[0] === folder) last[1].push(message)
      else groups.push([folder, [message]])
    }
    return groups
  }

  #placeOf(message: SourceMessage): Place {
    const place = this.#places.get(message)
    if (!place) throw new TypeError('a message of another listing')
    return place
  }

  #fault(error: unknown, signal: AbortSignal): SourceError {
    if (error instanceof SourceError) return error
    return imapFault(failureOf(this.#connection) ?? error, this.#host, signal)
  }

  async #translated<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const close = () => this.#connection.close()
    signal.addEventListener('abort', close, { once: true })
    try {
      signal.throwIfAborted()
      return await work()
    } catch (error) {
      throw this.#fault(error, signal)
    } finally {
      signal.removeEventListener('abort', close)
    }
  }
}
