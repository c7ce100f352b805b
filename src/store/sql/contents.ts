// Reading a message's octets: trace, facts and the first chunk with one statement, further chunks one by one, so that
// never more than one lies in memory.
import { setImmediate } from 'node:timers/promises'
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
  /** The first chunk; null when there is none. */
  readonly chunk: Uint8Array | null
}

/** The message as the ports describe it. Refuses with `message-gone` when there is none. */
export function messageOctets(reader: Connection, found: FoundMessage | undefined): MessageOctets {
  if (!found || (found.chunk === null && found.content_octets > 0)) {
    throw new Refusal('message-gone', 'the octets of the message were removed for good meanwhile')
  }
  const { trace, chunk, content_octets } = found
  const whole = (chunk?.length ?? 0) === content_octets
  return {
    octets: trace.length + content_octets,
    headerOctets: trace.length + found.header_octets,
    dotLines: found.dot_lines,
    body: whole ? [trace, chunk].filter(isFilled) : readOn(reader, found),
  }
}

async function* readOn(reader: Connection, found: FoundMessage): AsyncGenerator<Uint8Array> {
  if (found.trace.length > 0) yield found.trace
  let left = found.content_octets
  for (let seq = 0; left > 0; seq++) {
    const chunk = seq === 0 ? found.chunk : await readChunk(reader, found.content_id, seq)
    if (!chunk || chunk.length > left)
      throw new Error(`content ${found.content_id} breaks off at chunk ${seq}`)
    left -= chunk.length
    yield chunk
    await setImmediate()
  }
}

export async function readChunk(
  reader: Connection,
  content_id: Id,
  seq: number,
): Promise<Uint8Array | undefined> {
  return (await reader.row(oneChunk, { content_id, seq }))?.octets
}

function isFilled(piece: Uint8Array | null): piece is Uint8Array {
  return piece !== null && piece.length > 0
}

const oneChunk = statement<{ content_id: Id; seq: number }>()((db, p) =>
  db
    .selectFrom('content_chunk')
    .select('octets')
    .where('content_id', '=', p.content_id)
    .where('seq', '=', p.seq),
)
