// A folder of an IMAP server, by APPEND with the date (RFC 9051 section 6.3.12). Exactly once: the message gets the field
// `X-Poplar-Delivery` in front, and the folder's keys are read once and then as they come (UID SEARCH HEADER), before each
// APPEND. What somebody has moved to another folder is not found any more. A message lies in memory as a whole meanwhile.
import { LRUCache } from 'lru-cache'
import { type CopiesOptions, type Destination, DestinationError, type StoreOutcome } from '../destination.ts'
import type { Letter } from '../letter.ts'
import { withDeliveryField } from './delivery-field.ts'
import { ImapConnection, type ImapServer } from './imap-connection.ts'
import { readImapCopies } from './imap-copies.ts'
import { FolderKeys } from './imap-folder-keys.ts'

/** Beyond that no server that we know takes a message. */
const maxOctets = 64 * 1024 * 1024

export interface ImapOptions extends ImapServer {
  /** Made when it is missing. */
  readonly folder: string
  /** Default: what this process knows of the folder already. */
  readonly keys?: FolderKeys
}

/** A run of the collector opens its destinations anew: what was read of a folder is not read again. */
const known = new LRUCache<string, FolderKeys>({ max: 20 })

export function imapDestination(name: string, { folder, keys, ...server }: ImapOptions): Destination {
  const target = new ImapFolder(folder, server, keys ?? keysOf(folder, server))
  return {
    name,
    description: `IMAP ${server.login.user}@${server.host}:${server.port}, folder ${folder}`,
    promise: 'exactly-once',
    store: (letter, { signal }) => target.store(letter, signal),
    copies: options => target.copies(options),
    close: () => target.close(),
  }
}

function keysOf(folder: string, { host, port, login }: ImapServer): FolderKeys {
  const name = JSON.stringify([host, port, login.user, folder])
  const keys = known.get(name) ?? new FolderKeys()
  known.set(name, keys)
  return keys
}

class ImapFolder {
  readonly #folder: string
  readonly #connection: ImapConnection
  readonly #keys: FolderKeys
  #last: Promise<unknown> = Promise.resolve()

  constructor(folder: string, server: ImapServer, keys: FolderKeys) {
    this.#folder = folder
    this.#keys = keys
    this.#connection = new ImapConnection(server, folder)
  }

  /** One after the other. */
  store(letter: Letter, signal: AbortSignal): Promise<StoreOutcome> {
    const turn = this.#last.then(() => this.#store(letter, signal))
    this.#last = turn.catch(() => undefined)
    return turn
  }

  copies(options: CopiesOptions): Promise<void> {
    return this.#connection.use(options.signal, client => readImapCopies(client, options, maxOctets), {
      mayCreate: false,
    })
  }

  async close(): Promise<void> {
    await this.#last
    await this.#connection.close()
  }

  #store(letter: Letter, signal: AbortSignal): Promise<StoreOutcome> {
    return this.#connection.use(signal, async client => {
      await this.#keys.catchUp(client)
      if (await this.#keys.has(client, letter.deliveryKey)) return 'known'
      if (letter.octets > maxOctets)
        throw new DestinationError('message', `${letter.octets} octets are more than is appended by IMAP`)
      const pieces: Uint8Array[] = []
      for await (const piece of withDeliveryField(letter)) pieces.push(piece)
      const appended = await client.append(this.#folder, Buffer.concat(pieces), [], letter.receivedAt)
      if (!appended) throw new DestinationError('unavailable', 'the connection was lost')
      if (appended.uid !== undefined) this.#keys.add(letter.deliveryKey, appended.uid)
      return 'stored'
    })
  }
}
