// Which delivery keys a folder of an IMAP server has, by UID: read as a whole once, and after that only what is new. A UIDVALIDITY
// that changes begins anew (RFC 9051 section 2.3.1.1).
import type { ImapFlow } from 'imapflow'
import { DestinationError } from '../destination.ts'
import { deliveryField } from './delivery-field.ts'

/** Of UIDs in one FETCH. */
const batch = 500
const field = new RegExp(`^${deliveryField}: ([0-9a-f]{64})\\r?$`, 'im')

/** May serve several connections to one folder at once. */
export class FolderKeys {
  readonly #uids = new Map<string, number>()
  /** The same the other way round. */
  readonly #seen = new Set<number>()
  #uidValidity = -1n
  /** From there on, messages have not been looked at. */
  #nextUid = 1

  /** Looks at what came since. The folder is the selected one. */
  async catchUp(client: ImapFlow): Promise<void> {
    const { mailbox } = client
    if (!mailbox) throw new DestinationError('unavailable', 'the connection was lost')
    if (mailbox.uidValidity !== this.#uidValidity) this.#forget(mailbox.uidValidity)
    const found = (
      await searchFolder(client, { uid: `${this.#nextUid}:*`, header: { [deliveryField]: true } })
    ).filter(uid => uid >= this.#nextUid)
    const fresh = found.filter(uid => !this.#seen.has(uid))
    for (let at = 0; at < fresh.length; at += batch) {
      const range = fresh.slice(at, at + batch).join(',')
      for await (const { uid, headers } of client.fetch(range, { headers: [deliveryField] }, { uid: true })) {
        const key = field.exec(headers?.toString('latin1') ?? '')?.[1]
        if (key !== undefined) this.add(key, uid)
      }
    }
    this.#nextUid = found.reduce(
      (next, uid) => Math.max(next, uid + 1),
      Math.max(this.#nextUid, mailbox.uidNext),
    )
  }

  /** Whether the message is there still. */
  async has(client: ImapFlow, key: string): Promise<boolean> {
    const uid = this.#uids.get(key)
    if (uid === undefined) return false
    if ((await searchFolder(client, { uid: String(uid) })).includes(uid)) return true
    this.#uids.delete(key)
    return false
  }

  add(key: string, uid: number): void {
    this.#uids.set(key, uid)
    this.#seen.add(uid)
  }

  #forget(uidValidity: bigint): void {
    this.#uids.clear()
    this.#seen.clear()
    this.#uidValidity = uidValidity
    this.#nextUid = 1
  }
}

/** UIDs. Throws `DestinationError` where the server does not search for that. */
export async function searchFolder(
  client: ImapFlow,
  query: Parameters<ImapFlow['search']>[0],
): Promise<readonly number[]> {
  const found = await client.search(query, { uid: true })
  if (Array.isArray(found)) return found
  throw new DestinationError('unavailable', 'the server does not search for header fields')
}
