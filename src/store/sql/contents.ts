// Reading a message's octets: the facts with one statement, then chunk by chunk, so that never more than one lies in
// memory, but for small contents that are remembered.
import { Refusal } from '../../mail/errors.ts'
import type { Id } from '../../mail/id.ts'
import type { MessageOctets } from '../../mail/maildrop-store.ts'
import type { Connection } from './database.ts'
import type { FoundMessage, Remembered } from './remembered.ts'
import { statement } from './statement.ts'

/** The message as the ports describe it. Refuses with `message-gone` when there is none. */
export async function messageOctets(
  reader: Connection,
  found: FoundMessage | undefined,
  remembered?: Remembered,
): Promise<MessageOctets> {
  if (!found) throw messageGone()
  const { trace, content_id, content_octets } = found
  const known = remembered?.contents.get(content_id)
  const chunk = known ?? (content_octets === 0 ? nothing : await readChunk(reader, content_id, 0))
  if (!chunk) throw messageGone()
  const whole = chunk.length === content_octets
  if (whole && !known) remembered?.contents.set(content_id, chunk)
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
