// Reading a message's octets: the facts with one statement, then chunk by chunk, so that never more than one lies in
// memory, but for what is remembered.
import { Refusal } from '../../mail/errors.ts'
import type { Id } from '../../mail/id.ts'
import type { MessageOctets } from '../../mail/maildrop-store.ts'
import type { Connection } from './database.ts'
import type { FoundOctets, Remembered } from './remembered.ts'
import { statement } from './statement.ts'

/** The message as the ports describe it. Refuses with `message-gone` when there is none. */
export async function messageOctets(
  reader: Connection,
  found: FoundOctets | undefined,
  remembered?: Remembered,
): Promise<MessageOctets> {
  if (!found) throw messageGone()
  const { trace, content_octets } = found
  const first = content_octets === 0 ? nothing : await chunkOf(reader, found, 0, remembered)
  if (!first) throw messageGone()
  const isWhole = first.length === content_octets
  return {
    octets: trace.length + content_octets,
    headerOctets: trace.length + found.header_octets,
    dotLines: found.dot_lines,
    body: isWhole ? [trace, first].filter(isFilled) : readOn(reader, found, first, remembered),
  }
}

const nothing = new Uint8Array(0)

async function* readOn(
  reader: Connection,
  found: FoundOctets,
  first: Uint8Array,
  remembered: Remembered | undefined,
): AsyncGenerator<Uint8Array> {
  if (found.trace.length > 0) yield found.trace
  let left = found.content_octets
  for (let seq = 0; left > 0; seq++) {
    const chunk = seq === 0 ? first : await chunkOf(reader, found, seq, remembered)
    if (!chunk || chunk.length > left) {
      throw new Error(`content ${found.content_id} breaks off at chunk ${seq}`)
    }
    left -= chunk.length
    yield chunk
  }
}

async function chunkOf(
  reader: Connection,
  found: FoundOctets,
  seq: number,
  remembered: Remembered | undefined,
): Promise<Uint8Array | undefined> {
  const known = remembered?.chunk(found.content_id, seq)
  if (known) return known
  const chunk = await readChunk(reader, found.content_id, seq)
  if (chunk) remembered?.setChunk(found, seq, chunk)
  return chunk
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
