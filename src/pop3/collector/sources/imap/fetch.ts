// Messages from an IMAP server as they are there, RFC 9051 section 6.4.5: BODY.PEEK[] in pieces, each asked for when the one
// before was read, so that a slow reader makes the server wait. Small messages come several to a command.
import type { ImapFlow as Connection, FetchMessageObject } from 'imapflow'
import { type FetchedMessage, SourceError, type SourceMessage } from '../../source.ts'
import { type Folder, openFolder } from './folder.ts'

export interface WantedMessage {
  readonly message: SourceMessage
  readonly uid: number
}

type Translate = (error: unknown) => SourceError

const pieceOctets = 256 * 1024
/** What one command asks for, by the sizes that were listed. */
const groupOctets = 1 << 20
const groupMessages = 64
/** What may come of it: sizes are hints, and some servers send all where a piece was asked for. */
const maxGroupOctets = 96 << 20

export async function* fetchBodies(
  connection: Connection,
  folder: Folder,
  wanted: readonly WantedMessage[],
  translate: Translate,
): AsyncGenerator<FetchedMessage, void> {
  for (const group of groupsOf(wanted)) {
    await openFolder(connection, folder)
    const source = { start: 0, maxLength: pieceOctets }
    const found = await fetchGroup(connection, group, { uid: true, source })
    for (const { message, uid } of group) {
      const first = found.get(uid)?.source
      const body = first ? piecesFrom(connection, folder, uid, first) : undefined
      yield fetched(message, body, translate)
    }
  }
}

export async function* fetchHeaders(
  connection: Connection,
  folder: Folder,
  wanted: readonly WantedMessage[],
  translate: Translate,
): AsyncGenerator<FetchedMessage, void> {
  for (let from = 0; from < wanted.length; from += groupMessages) {
    await openFolder(connection, folder)
    const group = wanted.slice(from, from + groupMessages)
    const found = await fetchGroup(connection, group, { uid: true, headers: true })
    for (const { message, uid } of group) {
      const header = found.get(uid)?.headers
      yield fetched(message, header && oneOf(header), translate)
    }
  }
}

async function fetchGroup(
  connection: Connection,
  group: readonly WantedMessage[],
  query: Parameters<Connection['fetch']>[1],
): Promise<ReadonlyMap<number, FetchMessageObject>> {
  checkAlive(connection)
  const found = new Map<number, FetchMessageObject>()
  let octets = 0
  for await (const row of connection.fetch(group.map(({ uid }) => uid).join(','), query, { uid: true })) {
    octets += (row.source?.length ?? 0) + (row.headers?.length ?? 0)
    if (octets > maxGroupOctets)
      throw new SourceError(
        'configuration',
        'the server sends more than is sensible: it was asked for pieces',
      )
    found.set(row.uid, row)
  }
  checkAlive(connection)
  return found
}

/** To a connection that is gone, every message would be. */
function checkAlive({ usable, mailbox }: Connection): void {
  if (!usable || !mailbox) throw new Error('the connection was lost')
}

/** Those whose size is small or not told, as long as they are small together; a large one is alone. */
function* groupsOf(wanted: readonly WantedMessage[]): Generator<readonly WantedMessage[]> {
  let group: WantedMessage[] = []
  let octets = 0
  for (const one of wanted) {
    const own = Math.min(one.message.octets ?? pieceOctets, pieceOctets)
    if (group.length > 0 && (octets + own > groupOctets || group.length >= groupMessages)) {
      yield group
      group = []
      octets = 0
    }
    group.push(one)
    octets += own
  }
  if (group.length > 0) yield group
}

function fetched(
  message: SourceMessage,
  body: AsyncIterable<Uint8Array> | undefined,
  translate: Translate,
): FetchedMessage {
  if (body) return { message, body: translated(body, translate), error: undefined }
  const error = new SourceError('message', 'the server does not hand it out: it is gone')
  return { message, body: failing(error), error }
}

/** A piece shorter than was asked for is the last; so is a longer one: there are servers that always send all. */
async function* piecesFrom(
  connection: Connection,
  folder: Folder,
  uid: number,
  first: Uint8Array,
): AsyncGenerator<Uint8Array, void> {
  let [piece, octets] = [first, 0]
  for (;;) {
    if (piece.length > 0) yield piece
    octets += piece.length
    if (piece.length !== pieceOctets) return
    await openFolder(connection, folder)
    const source = { start: octets, maxLength: pieceOctets }
    const next = await connection.fetchOne(String(uid), { uid: true, source }, { uid: true })
    checkAlive(connection)
    if (!next) throw new SourceError('message', 'it was deleted there while it was fetched')
    piece = next.source ?? Buffer.alloc(0)
  }
}

async function* oneOf(octets: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield octets
}

async function* failing(error: Error): AsyncGenerator<Uint8Array, void> {
  throw error
}

async function* translated(
  body: AsyncIterable<Uint8Array>,
  translate: Translate,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* body
  } catch (error) {
    throw translate(error)
  }
}
