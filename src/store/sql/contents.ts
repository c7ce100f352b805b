// Reading a message's octets: the facts with one statement, then chunk by chunk, so that never more than one lies in
// memory. Contents never change, so the small ones are remembered without ever being wrong: mail to many, a message
// that two devices take, a TOP and then a RETR are read from the file once.
import { LRUCache } from 'lru-cache'
import { Refusal } from '../../mail/errors.ts'
import type { Id } from '../../mail/id.ts'
import type { MessageOctets } from '../../mail/maildrop-store.ts'
import type { Connection } from './database.ts'
import { statement } from './statement.ts'

export interface FoundMessage {
  readonly content_id: Id
  readonly trace: Uint8Array
  readonly content_octets: number
  readonly header_octets: number
  readonly dot_lines: number
}

/** Contents of one chunk, by their ids. */
export type RememberedContents = LRUCache<Id, Uint8Array>

const rememberedOctets = 32 * 1024 * 1024
/** What remembering one costs besides its octets. */
const entryOctets = 256

export function rememberedContents(): RememberedContents {
  return new LRUCache({ maxSize: rememberedOctets, sizeCalculation: chunk => chunk.length + entryOctets })
}

/** The message as the ports describe it. Refuses with `message-gone` when there is none. */
export async function messageOctets(
  reader: Connection,
  found: FoundMessage | undefined,
  remembered?: RememberedContents,
): Promise<MessageOctets> {
  if (!found) throw messageGone()
  const { trace, content_id, content_octets } = found
  const known = remembered?.get(content_id)
  const chunk = known ?? (content_octets === 0 ? nothing : await readChunk(reader, content_id, 0))
  if (!chunk) throw messageGone()
  const whole = chunk.length === content_octets
  if (whole && !known) remembered?.set(content_id, chunk)
  return {
    octets: trace.length + content_octets,
    headerOctets: trace.length + found.header_octets,
    dotLines: found.dot_lines,
    body: whole ? [trace, chunk].filter(isFilled) : readOn(reader, found, chunk),
  }
}

const nothing = new Uint8Array(0)

async function* readOn(
  reader: Connection,
  { trace, content_id, content_octets }: FoundMessage,
  first: Uint8Array,
): AsyncGenerator<Uint8Array> {
  if (trace.length > 0) yield trace
  let left = content_octets
  for (let seq = 0; left > 0; seq++) {
    const chunk = seq === 0 ? first : await readChunk(reader, content_id, seq)
    if (!chunk || chunk.length > left) throw new Error(`content ${content_id} breaks off at chunk ${seq}`)
    left -= chunk.length
    yield chunk
  }
}

export async function readChunk(
  reader: Connection,
  content_id: Id,
  seq: number,
): Promise<Uint8Array | undefined> {
  return (await reader.row(oneChunk, { content_id, seq }))?.octets
}

function isFilled(piece: Uint8Array): boolean {
  return piece.length > 0
}

function messageGone(): Refusal {
  return new Refusal('message-gone', 'the octets of the message were removed for good meanwhile')
}

const oneChunk = statement<{ content_id: Id; seq: number }>()((db, p) =>
  db
    .selectFrom('content_chunk')
    .select('octets')
    .where('content_id', '=', p.content_id)
    .where('seq', '=', p.seq),
)
