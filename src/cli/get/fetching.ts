// Fetches messages one behind the other, saves each, and only then marks it for deletion where that is wanted. What goes wrong
// with one message is told and does not stop the others; what goes wrong with the server or the disk ends it, and nothing is
// deleted.
import { type MessageRef, Pop3Error, type Session } from '../../pop3/client/index.ts'
import type { Saver } from './savers.ts'

export interface FetchFailure {
  readonly number: number
  /** A sentence of the client, with what the server said. */
  readonly reason: string
}

export interface FetchResult {
  readonly saved: number
  /** Were there from an earlier time. */
  readonly known: number
  readonly failed: readonly FetchFailure[]
  /** Undefined: it was not asked to. `unknown`: the server did not answer QUIT well. */
  readonly deleted: { readonly count: number; readonly state: 'committed' | 'unknown' } | undefined
}

export interface FetchOptions {
  readonly session: Session
  readonly refs: readonly MessageRef[]
  readonly saver: Saver
  readonly deletes: boolean
  readonly signal: AbortSignal
  /** Octets that came, and whether that was a message. */
  readonly arrived: (octets: number, isWhole: boolean) => void
}

/** Ends the session. */
export async function fetchAll(options: FetchOptions): Promise<FetchResult> {
  const { session, refs, saver, deletes, signal, arrived } = options
  const counts = { stored: 0, known: 0 }
  const failed: FetchFailure[] = []
  for await (const message of session.retrieve(refs, { signal })) {
    const { ref, body, error } = message
    if (error) {
      failed.push({ number: ref.number, reason: error.message })
      continue
    }
    counts[await saver.save(ref, counted(body, arrived), signal)] += 1
    arrived(0, true)
    if (deletes) message.markDeleted()
  }
  return {
    saved: counts.stored,
    known: counts.known,
    failed,
    deleted: await end(session, deletes, failed.length > 0),
  }
}

async function end(
  session: Session,
  deletes: boolean,
  isIncomplete: boolean,
): Promise<FetchResult['deleted']> {
  // There QUIT takes away what was fetched: neither that which should stay, nor that of which we have a part only.
  if (session.quirks.takesWhatWasRetrieved && (!deletes || isIncomplete)) {
    session.abandon()
    return undefined
  }
  const { deleted, refused, state } = await session.commit()
  if (refused.length > 0 && state === 'committed')
    throw new Pop3Error('refused', `the server would not delete ${refused.length} messages; all are saved`, {
      phase: 'update',
    })
  return deletes ? { count: deleted, state } : undefined
}

async function* counted(
  body: AsyncIterable<Uint8Array>,
  arrived: FetchOptions['arrived'],
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of body) {
    arrived(chunk.length, false)
    yield chunk
  }
}
