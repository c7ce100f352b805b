// Reads scan listings, and remembers them. A listing belongs to one state of the mailbox (its modseq); if messages were
// only added since, just those are read. Large maildrops are read in chunks between which the event loop runs.
//
// The chunks need no common snapshot: they stop at the uid_next that was read first, so that what arrives meanwhile
// waits for the next session; and what is expunged meanwhile is merely left out, or stays readable if it is in.
import { setImmediate } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import { LRUCache } from 'lru-cache'
import type { Id } from '../../mail/id.ts'
import { extendListing, listingOf } from '../listing.ts'
import type { MailboxListing } from '../view-listing.ts'
import { listOf, parseColumn } from './column-list.ts'
import type { Connection } from './database.ts'
import type { Schema } from './schema.ts'
import { statement, type Value } from './statement.ts'

/** Rows read at a time: about a millisecond of work. */
const chunkRows = 1024
/** Messages in all listings that are remembered: about 30 MB. */
const rememberedMessages = 400_000

/** Of a mailbox that holds nothing, or was not made yet. */
export const emptyMailbox: MailboxListing = { listing: listingOf([], []), dates: new Float64Array() }

/** A mailbox; or of it only what was sent to one local part. */
export interface ListingKey {
  readonly account_id: Id
  readonly mailbox_id: Id
  readonly addressee?: string | undefined
}

interface Remembered extends MailboxListing {
  readonly modseq: number
  readonly uidNext: number
}

export class Listings {
  readonly #reader: Connection
  readonly #remembered = new LRUCache<string, Remembered>({
    maxSize: rememberedMessages,
    sizeCalculation: ({ listing }) => listing.count + 1,
  })

  constructor(reader: Connection) {
    this.#reader = reader
  }

  /** What POP3 shows of the mailbox now; undefined when it is gone. */
  async read(key: ListingKey): Promise<MailboxListing | undefined> {
    const { account_id, mailbox_id, addressee } = key
    const mailbox = await this.#reader.row(mailboxState, { account_id, mailbox_id })
    if (!mailbox) return undefined
    const { modseq, expunged_modseq, uid_next } = mailbox
    const name = addressee === undefined ? mailbox_id : `${mailbox_id} ${addressee}`
    const known = this.#remembered.get(name)
    if (known?.modseq === modseq) return known
    const base = known && expunged_modseq <= known.modseq ? known : undefined
    const more = await this.#readFrom(key, base?.uidNext ?? 1, uid_next)
    const found = { ...(base ? extend(base, more) : more), modseq, uidNext: uid_next }
    this.#remembered.set(name, found)
    return found
  }

  async #readFrom(key: ListingKey, from: number, uid_next: number): Promise<MailboxListing> {
    if (from >= uid_next) return emptyMailbox
    const { account_id, mailbox_id, addressee } = key
    const octets: number[] = []
    const uidls: string[] = []
    const dates: number[] = []
    const asciiOctets = new Map<number, number>()
    const asciiByUid = await this.#asciiOctets({ account_id, mailbox_id, uid: from, uid_next })
    for (let uid = from; ; ) {
      const range = { account_id, mailbox_id, uid, uid_next, limit: chunkRows }
      const chunk = await (addressee === undefined
        ? this.#reader.row(scanChunk, range)
        : this.#reader.row(addresseeChunk, { ...range, addressee }))
      if (!chunk) throw new Error('an aggregate has one row')
      const uids = parseColumn(chunk.uids)
      if (asciiByUid) {
        uids.forEach((each, index) => {
          const ascii = asciiByUid.get(each)
          if (ascii !== undefined) asciiOctets.set(octets.length + index, ascii)
        })
      }
      octets.push(...parseColumn(chunk.octets))
      uidls.push(...parseColumn(chunk.uidls))
      dates.push(...parseColumn(chunk.dates))
      const last = uids.at(-1)
      if (last === undefined || uids.length < chunkRows)
        return { listing: listingOf(octets, uidls, asciiOctets), dates: new Float64Array(dates) }
      uid = last + 1
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

function extend(base: MailboxListing, more: MailboxListing): MailboxListing {
  if (more.listing.count === 0) return base
  const dates = new Float64Array(base.dates.length + more.dates.length)
  dates.set(base.dates)
  dates.set(more.dates, base.dates.length)
  return { listing: extendListing(base.listing, more.listing), dates }
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

/**
 * The messages of a range, oldest first, each column as one list: parsing four texts takes half the time of making a
 * thousand rows. Answered from the index `message_scan` alone.
 */
const scanChunk = statement<ScanRange & { limit: number }>()((db, p) =>
  listed(db, inRange(db, p).orderBy('uid').limit(p.limit)),
)

/** The same of one local part, from the index `message_addressee` alone. */
const addresseeChunk = statement<ScanRange & { limit: number; addressee: string }>()((db, p) =>
  listed(db, inRange(db, p).where('addressee', '=', p.addressee).orderBy('uid').limit(p.limit)),
)

function inRange(db: Kysely<Schema>, p: ScanRange) {
  return db
    .selectFrom('message')
    .select(['uid', 'octets', 'uidl', 'internal_date'])
    .where('account_id', '=', p.account_id)
    .where('mailbox_id', '=', p.mailbox_id)
    .where('expunged_at', 'is', null)
    .where('hidden_at', 'is', null)
    .where('uid', '>=', p.uid)
    .where('uid', '<', p.uid_next)
}

function listed(db: Kysely<Schema>, messages: ReturnType<typeof inRange>) {
  return db
    .selectFrom(messages.as('scanned'))
    .select([
      listOf<number>('uid').as('uids'),
      listOf<number>('octets').as('octets'),
      listOf<string>('uidl').as('uidls'),
      listOf<number>('internal_date').as('dates'),
    ])
}
