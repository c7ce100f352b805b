// Looks into headers before a message is fetched: dates for a first run that begins somewhere, fields that somebody does not
// want.
import { HeaderWatch } from '../../mail/delivery/header-rule.ts'
import type { Keyed } from './plan.ts'
import { type CollectPolicy, tooEarly } from './policy.ts'
import type { SourceMessage, SourceSession } from './source.ts'

const maxHeaderOctets = 256 * 1024

/** Whether `lookInto` would find anything that the listing does not tell. */
export function needsHeaders({ since, skips }: CollectPolicy, isFirstRun: boolean): boolean {
  return skips.length > 0 || (isFirstRun && since !== undefined)
}

/** Why messages are not wanted, by key; those that are wanted, or whose header cannot be had, are not in it. */
export async function lookInto(
  messages: readonly Keyed[],
  session: SourceSession,
  policy: CollectPolicy,
  { isFirstRun, signal }: { readonly isFirstRun: boolean; readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, string>> {
  const reasons = new Map<string, string>()
  if (messages.length === 0) return reasons
  const keys = new Map(messages.map(({ message, key }) => [message, key]))
  for await (const { message, header } of headersOf([...keys.keys()], session, signal)) {
    const key = keys.get(message)
    if (key === undefined) continue
    const reason = unwantedFor(header, policy, isFirstRun)
    if (reason !== undefined) reasons.set(key, reason)
  }
  return reasons
}

/** Why a message with this header is not wanted; undefined when it is. */
export function unwantedFor(
  header: Uint8Array,
  policy: CollectPolicy,
  isFirstRun: boolean,
): string | undefined {
  const watch = new HeaderWatch(policy.skips)
  watch.push(header)
  if (watch.matches) return 'its header has a field that is not wanted'
  return isFirstRun && policy.since ? tooEarly(dateIn(header), policy) : undefined
}

/** Of its Date field, RFC 5322 section 3.6.1. */
function dateIn(header: Uint8Array): Date | undefined {
  const text = Buffer.from(header).toString('latin1')
  const date = new Date(/^date:[ \t]*([^\r\n(]{1,100})/im.exec(text)?.[1] ?? Number.NaN)
  return Number.isNaN(date.getTime()) ? undefined : date
}

/** The headers that can be had; none where the source cannot. */
export async function* headersOf(
  messages: readonly SourceMessage[],
  session: SourceSession,
  signal: AbortSignal,
): AsyncGenerator<{ readonly message: SourceMessage; readonly header: Uint8Array }, void> {
  if (!session.headers) return
  for await (const { message, body, error } of session.headers(messages, signal))
    if (!error) yield { message, header: await headOf(body) }
}

/** As much of it as a header may have; all of it is read. */
async function headOf(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let octets = 0
  for await (const chunk of body) {
    if (octets < maxHeaderOctets) chunks.push(Uint8Array.from(chunk))
    octets += chunk.length
  }
  return Buffer.concat(chunks)
}
