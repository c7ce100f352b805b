// Asks a source for no more than is needed to tell which of its messages the destinations have: sizes first, then headers, then
// whole messages. Nothing is deleted or marked; the session is left without QUIT.
import { headersOf } from '../header-look.ts'
import { type HeaderMark, headerMarkOf } from '../header-mark.ts'
import { readCopy } from '../kept-copy.ts'
import type { Keyed } from '../plan.ts'
import type { SourceMessage, SourceSession } from '../source.ts'
import type { Recognition } from './recognition.ts'

export interface RecogniseOptions {
  readonly session: SourceSession
  /** Headers that agree are enough: no message is fetched to be sure. */
  readonly trustsHeaders: boolean
  readonly signal: AbortSignal
}

/** Returns how many messages were fetched as a whole. */
export async function recognise(
  listed: readonly Keyed[],
  recognitions: readonly Recognition[],
  options: RecogniseOptions,
): Promise<number> {
  for (const recognition of recognitions) recognition.compareSizes(listed)
  const open = listed.filter(each => recognitions.some(recognition => recognition.mayHave(each)))
  const marks = await marksOf(open, options)
  for (const recognition of recognitions) recognition.compareHeaders(open, marks)
  if (options.trustsHeaders) {
    for (const recognition of recognitions) recognition.trustHeaders()
    return 0
  }
  return settleDoubts(listed, recognitions, options)
}

async function marksOf(
  messages: readonly Keyed[],
  { session, signal }: RecogniseOptions,
): Promise<ReadonlyMap<SourceMessage, HeaderMark>> {
  const marks = new Map<SourceMessage, HeaderMark>()
  if (messages.length === 0) return marks
  const asked = messages.map(({ message }) => message)
  for await (const { message, header } of headersOf(asked, session, signal))
    marks.set(message, headerMarkOf(Buffer.from(header).toString('latin1')))
  return marks
}

/** A server that hides or deletes what was retrieved is not asked: what is in doubt there is fetched by the next run. */
async function settleDoubts(
  listed: readonly Keyed[],
  recognitions: readonly Recognition[],
  { session, signal }: RecogniseOptions,
): Promise<number> {
  const { listsPart = false, takesWhatWasRetrieved = false } = session.habits ?? {}
  if (listsPart || takesWhatWasRetrieved) return 0
  const doubtful = new Map(
    listed
      .filter(({ key }) => recognitions.some(({ doubts }) => doubts.has(key)))
      .map(each => [each.message, each]),
  )
  if (doubtful.size === 0) return 0
  let fetched = 0
  for await (const { message, body, error } of session.retrieve([...doubtful.keys()], signal)) {
    const keyed = doubtful.get(message)
    if (error || !keyed) continue
    const whole = await readCopy(body, header => ({ deliveryKey: undefined, headers: [header] }))
    fetched += 1
    const [digest] = whole?.digests ?? []
    if (whole && digest !== undefined)
      for (const recognition of recognitions) recognition.settle(keyed, digest, whole.octets)
  }
  return fetched
}
