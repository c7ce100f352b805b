// Reads scan listings, and remembers them. A listing belongs to one state of the mailbox (its modseq); if messages were
// only added since, just those are read. Large maildrops are read in chunks between which the event loop runs.
//
// The chunks need no common snapshot: they stop at the uid_next that was read first, so that what arrives meanwhile
// waits for the next session; and what is expunged meanwhile is merely left out, or stays readable if it is in.
import { setImmediate } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import type { Account } from '../../mail/account.ts'
import type { Id } from '../../mail/id.ts'
import type { ScanListing } from '../../mail/maildrop-store.ts'
import { extendListing, listingOf } from '../listing.ts'
import type { Connection } from './database.ts'
import { statement, type Value } from './statement.ts'

/** Rows read at a time: about a millisecond of work. */
const chunkRows = 1024
/** Messages in all listings that are remembered: about 30 MB. */
const rememberedMessages = 400_000

const emptyListing = listingOf([], [])

interface Remembered {
  readonly modseq: number
  readonly uidNext: number
  readonly listing: ScanListing
}

export class Listings {
  readonly #reader: Connection
  readonly #remembered = new LRUCache<Id, Remembered>({
    maxSize: rememberedMessages,
    sizeCalculation: ({ listing }) => listing.count + 1,
  })

  constructor(reader: Connection) {
    this.#reader = reader
  }

  /** The maildrop as it is now; undefined when the account is gone. */
  async read({ id, inboxId }: Account): Promise<ScanListing | undefined> {
    const key = { account_id: id, mailbox_id: inboxId }
    const mailbox = await this.#reader.row(mailboxState, key)
    if (!mailbox) return undefined
    const { modseq, expunged_modseq, uid_next } = mailbox
    const known = this.#remembered.get(inboxId)
    if (known?.modseq === modseq) return known.listing
    const base = known && expunged_modseq <= known.modseq ? known : undefined
    const more = await this.#readFrom(key, base?.uidNext ?? 1, uid_next)
    const listing = base ? extendListing(base.listing, more) : more
    this.#remembered.set(inboxId, { modseq, uidNext: uid_next, listing })
    return listing
  }

  async #readFrom(key: { account_id: Id; mailbox_id: Id }, from: number, uid_next: number) {
    if (from >= uid_next) return emptyListing
    const octets: number[] = []
    const uidls: string[] = []
    const asciiOctets = new Map<number, number>()
    const asciiByUid = await this.#asciiOctets({ ...key, uid: from, uid_next })
    for (let uid = from; ; ) {
      const chunk = await this.#reader.columns(scanChunk, { ...key, uid, uid_next, limit: chunkRows })
      for (const row of chunk) {
        const ascii = asciiByUid?.get(row[0] as number)
        if (ascii !== undefined) asciiOctets.set(octets.length, ascii)
        octets.push(row[1] as number)
        uidls.push(row[2] as string)
      }
      const last = chunk.at(-1)
      if (!last || chunk.length < chunkRows) return listingOf(octets, uidls, asciiOctets)
      uid = Number(last[0]) + 1
      await setImmediate()
    }
  }

  /** Of the few messages that some clients get in another form, by UID; undefined when there are none. */
  async #asciiOctets(range: ScanRange): Promise<Map<number, number> | undefined> {
    const found = await this.#reader.rows(asciiMessages, range)
    return found.length === 0
      ? undefined
      : new Map(found.map(({ uid, ascii_octets }) => [uid, ascii_octets ?? 0]))
  }
}

const mailboxState = statement<{ account_id: Id; mailbox_id: Id }>()((db, p) =>
  db
    .selectFrom('mailbox')
    .select(['modseq', 'expunged_modseq', 'uid_next'])
    .where('account_id', '=', p.account_id)
    .where('id', '=', p.mailbox_id),
)

interface ScanRange extends Record<string, Value> {
  account_id: Id
  mailbox_id: Id
  uid: number
  uid_next: number
}

/** Answered from the index `message_ascii` alone. */
const asciiMessages = statement<ScanRange>()((db, p) =>
  db
    .selectFrom('message')
    .select(['uid', 'ascii_octets'])
    .where('account_id', '=', p.account_id)
    .where('mailbox_id', '=', p.mailbox_id)
    .where('ascii_octets', 'is not', null)
    .where('expunged_at', 'is', null)
    .where('uid', '>=', p.uid)
    .where('uid', '<', p.uid_next),
)

/** Columns: uid, octets, uidl. Answered from the index `message_scan` alone. */
const scanChunk = statement<ScanRange & { limit: number }>()((db, p) =>
  db
    .selectFrom('message')
    .select(['uid', 'octets', 'uidl'])
    .where('account_id', '=', p.account_id)
    .where('mailbox_id', '=', p.mailbox_id)
    .where('expunged_at', 'is', null)
    .where('uid', '>=', p.uid)
    .where('uid', '<', p.uid_next)
    .orderBy('uid')
    .limit(p.limit),
)
