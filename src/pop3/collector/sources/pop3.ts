// A maildrop elsewhere as a source: POP3 (RFC 1939) by the client of this package, with all that it can do. DELE is said right
// before QUIT and not earlier: there are servers that delete at once, and the deletion is one thing with the commit.
import {
  type ConnectOptions,
  type Credentials,
  connect,
  type Message,
  type MessageRef,
  type Session,
} from '../../client/index.ts'
import {
  type FetchedMessage,
  type Source,
  SourceError,
  type SourceHabits,
  type SourceListing,
  type SourceMessage,
  type SourceOutcome,
  type SourceSession,
} from '../source.ts'
import type { ClientIdentity } from './certificate-files.ts'
import { maxKeyLength, odditiesOf } from './oddities.ts'
import { pop3Fault, pop3MessageFault } from './pop3-fault.ts'

export interface Pop3SourceOptions {
  readonly name: string
  /** As the server knows him; `recent:ann@gmail.com` is another source than `ann@gmail.com`. */
  readonly user: string
  /** Asked before each login. Throws `SecretError`. */
  readonly credentials: (signal: AbortSignal) => Promise<Credentials>
  readonly connection: Omit<ConnectOptions, 'auth' | 'signal'>
  /** PEM, trusted besides the usual ones; read before each connection. Throws `SecretError`. */
  readonly authority?: (() => Promise<string>) | undefined
  /** Shown to a server that asks who the client is; read before each connection. Throws `SecretError`. */
  readonly identity?: (() => Promise<ClientIdentity>) | undefined
}

export function pop3Source(options: Pop3SourceOptions): Source {
  const { name, user, credentials, connection } = options
  const { host, tls = 'implicit', port = tls === 'implicit' ? 995 : 110 } = connection
  const hostname = host.toLowerCase()
  return {
    name,
    identity: `pop3 ${user}@${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`,
    async open(signal) {
      return orFault(hostname, signal, async () => {
        const auth = await credentials(signal)
        const certificate = { ...connection.certificate, ...(await certificatesOf(options)) }
        const session = await connect({ ...connection, certificate, auth, signal })
        return new Pop3SourceSession(session, hostname)
      })
    },
  }
}

async function certificatesOf(options: Pop3SourceOptions) {
  const authority = await options.authority?.()
  const identity = await options.identity?.()
  return { ...(authority !== undefined && { authority }), ...(identity && { identity }) }
}

class Pop3SourceSession implements SourceSession {
  readonly habits: SourceHabits
  readonly #session: Session
  readonly #host: string
  /** Of the last listing, one of each for each message. */
  #listed: { readonly refs: readonly MessageRef[]; readonly messages: readonly SourceMessage[] } = {
    refs: [],
    messages: [],
  }
  /** The same as a map, as soon as a message is asked for. */
  #refs: ReadonlyMap<SourceMessage, MessageRef> | undefined
  readonly #marked = new Map<MessageRef, SourceMessage>()
  /** Headers by TOP: some servers have none, which the first answer tells. */
  readonly headers: SourceSession['headers']

  constructor(session: Session, host: string) {
    this.#session = session
    this.#host = host
    const { listsPart, takesWhatWasRetrieved, loginDelaySeconds } = session.quirks
    const announced = Number.parseInt(session.capabilities.values('LOGIN-DELAY')?.[0] ?? '', 10)
    const loginDelayMs = Math.min((announced || loginDelaySeconds) * 1000, maxLoginDelayMs)
    this.habits = { listsPart, takesWhatWasRetrieved, loginDelayMs }
    this.headers = (messages, signal) =>
      this.#fetch(messages, refs => session.headers(refs, { signal }), signal)
  }

  async listing(signal: AbortSignal): Promise<SourceListing> {
    const listing = await orFault(this.#host, signal, () => this.#session.listing({ signal }))
    const messages = listing.map(messageOf)
    this.#listed = { refs: listing, messages }
    this.#refs = undefined
    return { messages, oddities: odditiesOf(listing) }
  }

  retrieve(messages: readonly SourceMessage[], signal: AbortSignal): AsyncIterable<FetchedMessage> {
    return this.#fetch(messages, refs => this.#session.retrieve(refs, { signal }), signal)
  }

  markDeleted(message: SourceMessage): void {
    this.#marked.set(this.#refOf(message), message)
  }

  async commit(signal: AbortSignal): Promise<SourceOutcome> {
    return orFault(this.#host, signal, async () => {
      for (const ref of this.#marked.keys()) this.#session.markDeleted(ref)
      const { state, refused } = await this.#session.commit({ signal })
      return { state, refused: refused.flatMap(ref => this.#marked.get(ref) ?? []) }
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]()
  }

  async *#fetch(
    messages: readonly SourceMessage[],
    begin: (refs: readonly MessageRef[]) => AsyncGenerator<Message, void>,
    signal: AbortSignal,
  ): AsyncGenerator<FetchedMessage, void> {
    const fetching = begin(messages.map(message => this.#refOf(message)))
    try {
      // One for each, in this order.
      for (const message of messages) {
        const { value, done } = await orFault(this.#host, signal, () => fetching.next())
        if (done) return
        yield this.#fetched(message, value, signal)
      }
    } finally {
      // Whoever leaves early may have left a body that is too long to be read to its end: that costs the connection only.
      await fetching.return().catch(() => undefined)
    }
  }

  #fetched(message: SourceMessage, { body, error }: Message, signal: AbortSignal): FetchedMessage {
    const fault = error && pop3MessageFault(error, this.#host)
    const isOfMessage = fault instanceof SourceError && fault.fault === 'message'
    // What is no fault of the message alone would only be heard again of the next one.
    if (fault && !isOfMessage) throw fault
    return {
      message,
      error: isOfMessage ? fault : undefined,
      body: whole(body, thrown => asFault(thrown, signal, pop3MessageFault(thrown, this.#host))),
    }
  }

  #refOf(message: SourceMessage): MessageRef {
    this.#refs ??= joined(this.#listed.messages, this.#listed.refs)
    const ref = this.#refs.get(message)
    if (!ref) throw new TypeError('a message of another listing')
    return ref
  }
}

/** More than a day between two logins is nothing that a server can mean. */
const maxLoginDelayMs = 86_400_000

/** The ref itself, but for one whose name the ledger does not take. */
function messageOf(ref: MessageRef): SourceMessage {
  const { key, octets } = ref
  return key !== undefined && key.length > maxKeyLength ? { key: undefined, octets } : ref
}

function joined(
  messages: readonly SourceMessage[],
  refs: readonly MessageRef[],
): ReadonlyMap<SourceMessage, MessageRef> {
  const map = new Map<SourceMessage, MessageRef>()
  // Without `entries`, which makes an array for each.
  let at = 0
  for (const ref of refs) map.set(messages[at++] ?? ref, ref)
  return map
}

/** Passes octets on; what reading throws is translated. */
async function* whole(
  body: AsyncIterable<Uint8Array>,
  translate: (error: unknown) => Error,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* body
  } catch (error) {
    throw translate(error)
  }
}

async function orFault<T>(host: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asFault(error, signal, pop3Fault(error, host))
  }
}

/** Whatever breaks when it was told to stop, broke because of that. */
function asFault(cause: unknown, signal: AbortSignal, fault: Error): Error {
  return signal.aborted ? new SourceError('aborted', 'stopped', { cause }) : fault
}
