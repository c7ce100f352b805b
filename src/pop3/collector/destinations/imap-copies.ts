// The copies that a folder of an IMAP server has: messages with our delivery field, by UID SEARCH and FETCH (RFC 9051 section 6.4.9),
// nothing marked as seen. Only those of a size that is wanted are fetched, one by one, each in memory as a whole.
import type { ImapFlow } from 'imapflow'
import type { CopiesOptions } from '../destination.ts'
import { readCopy } from '../kept-copy.ts'
import { deliveryField, deliveryLineOctets, withoutDeliveryField } from './delivery-field.ts'
import { searchFolder } from './imap-folder-keys.ts'

/** Of UIDs in one FETCH. */
const batch = 500

/** The folder is the selected one. */
export async function readImapCopies(
  client: ImapFlow,
  { signal, sizes, onCopy }: CopiesOptions,
  maxOctets: number,
): Promise<void> {
  const found = await searchFolder(client, { header: { [deliveryField]: true } })
  for (let at = 0; at < found.length; at += batch) {
    const wanted: number[] = []
    const range = found.slice(at, at + batch).join(',')
    for await (const { uid, size = 0 } of client.fetch(range, { size: true }, { uid: true })) {
      const octets = size - deliveryLineOctets
      if (octets <= maxOctets && (sizes?.has(octets) ?? true)) wanted.push(uid)
    }
    for (const uid of wanted) {
      signal.throwIfAborted()
      const message = await client.fetchOne(String(uid), { source: true }, { uid: true })
      const source = message && message.source
      const copy = source && (await readCopy([source], unmake))
      if (copy) onCopy(copy)
    }
  }
}

function unmake(header: string) {
  const { deliveryKey, header: own } = withoutDeliveryField(header)
  return deliveryKey === undefined ? undefined : { deliveryKey, headers: [own] }
}
