// What messages are called in the ledger. A source without unique ids gets names made of headers and sizes, as long as it can
// tell headers, and so does one whose unique ids are the numbers of the messages, which others have tomorrow; what even so looks
// the same is told apart by its place, as POP3's doubled UIDLs are.
import { createHash } from 'node:crypto'
import { headersOf } from './header-look.ts'
import type { Keyed } from './plan.ts'
import { SourceError, type SourceMessage, type SourceSession } from './source.ts'

/** Written into the header as a message is read. */
const whatServersChange = /^(?:x-)?(?:status|keywords):.*\r\n/gim

/** In the order of the listing. Throws `SourceError` where a source can tell messages apart by nothing. */
export async function keysOf(
  messages: readonly SourceMessage[],
  session: SourceSession,
  signal: AbortSignal,
): Promise<readonly Keyed[]> {
  const areNumbered = messages.every(({ key }, index) => key === String(index + 1))
  const nameless = areNumbered ? messages : messages.filter(({ key }) => key === undefined)
  const made = nameless.length === 0 ? undefined : await makeKeys(nameless, session, signal)
  const keyed: Keyed[] = []
  for (const message of messages) {
    const key = made?.get(message) ?? message.key
    if (key !== undefined) keyed.push({ message, key })
  }
  return keyed
}

async function makeKeys(
  messages: readonly SourceMessage[],
  session: SourceSession,
  signal: AbortSignal,
): Promise<ReadonlyMap<SourceMessage, string>> {
  const keys = new Map<SourceMessage, string>()
  const seen = new Map<string, number>()
  for await (const { message, header } of headersOf(messages, session, signal)) {
    const text = Buffer.from(header).toString('latin1').replaceAll(whatServersChange, '')
    const hash = createHash('sha256').update(`${message.octets ?? ''}\n${text}`, 'latin1')
    const key = `header/${hash.digest('hex')}`
    const ordinal = (seen.get(key) ?? 0) + 1
    seen.set(key, ordinal)
    keys.set(message, ordinal === 1 ? key : `${key}#${ordinal}`)
  }
  if (keys.size === 0) throw nothingTells()
  return keys
}

function nothingTells(): SourceError {
  return new SourceError(
    'configuration',
    'the server has neither UIDL nor TOP: nothing tells mail that was collected from new mail',
  )
}
