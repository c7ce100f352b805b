// Maildrops in SQL: the lease first, then the listing; messages by their UIDL, so that what others expunge stays
// readable; UPDATE as one durable operation that checks the fence inside its transaction.
import { Refusal } from '../../mail/errors.ts'
import type { Id } from '../../mail/id.ts'
import type { Maildrop, MaildropStore, MessageForm, ScanListing } from '../../mail/maildrop-store.ts'
import { asciiForm } from '../../mail/message/ascii-form.ts'
import { uidlAt } from '../listing.ts'
import { messageOctets } from './contents.ts'
import type { Database } from './database.ts'
import { type Lease, type Leases, leaseLost, leaseWithFence } from './leases.ts'
import { Listings } from './listings.ts'
import { type Operation, row, rows } from './operation.ts'
import type { FoundMessage, Remembered } from './remembered.ts'
import { statement } from './statement.ts'

export function sqlMaildrops(database: Database, leases: Leases, remembered: Remembered): MaildropStore {
  const shared: SharedParts = {
    database,
    leases,
    listings: new Listings(database.reader),
    remembered,
  }

  return {
    async openMaildrop(account, holder) {
      const lease = await leases.take(account, holder)
      try {
        const listing = await shared.listings.read(account)
        if (!listing) throw new Refusal('no-such-account', `there is no account ${account.name}`)
        return new SqlMaildrop(shared, lease, listing)
      } catch (error) {
        await leases.release(lease)
        throw error
      }
    },
  }
}

/** What the maildrops of one store have in common. */
interface SharedParts {
  readonly database: Database
  readonly leases: Leases
  readonly listings: Listings
  readonly remembered: Remembered
}

class SqlMaildrop implements Maildrop {
  readonly listing: ScanListing
  readonly #shared: SharedParts
  readonly #lease: Lease
  #released = false

  constructor(shared: SharedParts, lease: Lease, listing: ScanListing) {
    this.#shared = shared
    this.#lease = lease
    this.listing = listing
  }

  async read(index: number, form: MessageForm = 'utf8') {
    const { remembered, database } = this.#shared
    const found = await this.#find(index)
    const message = await messageOctets(database.reader, found, remembered)
    if (form === 'utf8' || !found || found.ascii_octets === null) return message
    return asciiForm(message, found.trace.length, found.ascii_octets)
  }

  async #find(index: number): Promise<FoundMessage | undefined> {
    const { remembered, database } = this.#shared
    const { id, inboxId } = this.#lease.account
    const uidl = uidlAt(this.listing, index)
    const known = remembered.message(inboxId, uidl)
    if (known) return known
    const found = await database.reader.row(messageByUidl, { account_id: id, mailbox_id: inboxId, uidl })
    if (found) remembered.setMessage(inboxId, uidl, found)
    return found
  }

  async update(indexes: readonly number[]) {
    const { database, leases } = this.#shared
    const { id, inboxId } = this.#lease.account
    const uidls = indexes.map(index => uidlAt(this.listing, index))
    if (this.#released) throw leaseLost()
    const fence = await leases.fenceOf(this.#lease)
    const now = database.now()
    if (uidls.length > 0) {
      await database.writer.run(expunge, { account_id: id, mailbox_id: inboxId, fence, uidls, now })
    }
    await this.release()
  }

  async release() {
    if (this.#released) return
    this.#released = true
    await this.#shared.leases.release(this.#lease)
  }
}

const messageByUidl = statement<{ account_id: Id; mailbox_id: Id; uidl: string }>()((db, p) =>
  db
    .selectFrom('message')
    .innerJoin('content', 'content.id', 'message.content_id')
    .select([
      'message.content_id',
      'message.trace',
      'message.ascii_octets',
      'content.octets as content_octets',
      'content.header_octets',
      'content.dot_lines',
    ])
    .where('message.account_id', '=', p.account_id)
    .where('message.mailbox_id', '=', p.mailbox_id)
    .where('message.uidl', '=', p.uidl),
)

const nextModseq = statement<{ account_id: Id; mailbox_id: Id }>()((db, p) =>
  db
    .updateTable('mailbox')
    .set(({ eb }) => ({ modseq: eb('modseq', '+', 1), expunged_modseq: eb('modseq', '+', 1) }))
    .where('account_id', '=', p.account_id)
    .where('id', '=', p.mailbox_id)
    .returning('modseq'),
)

const messageState = statement<{ account_id: Id; mailbox_id: Id; uidl: string }>()((db, p) =>
  db
    .selectFrom('message')
    .select(['octets', 'expunged_at'])
    .where('account_id', '=', p.account_id)
    .where('mailbox_id', '=', p.mailbox_id)
    .where('uidl', '=', p.uidl),
)

interface ExpungeParameters extends Record<string, string | number> {
  account_id: Id
  mailbox_id: Id
  uidl: string
  now: number
  modseq: number
}

const expungeMessage = statement<ExpungeParameters>()((db, p) =>
  db
    .updateTable('message')
    .set({ expunged_at: p.now, modseq: p.modseq })
    .where('account_id', '=', p.account_id)
    .where('mailbox_id', '=', p.mailbox_id)
    .where('uidl', '=', p.uidl),
)

interface Weight extends Record<string, string | number> {
  account_id: Id
  messages: number
  octets: number
}

/** Adds to the account's counters; negative numbers take away. */
export const countInAccount = statement<Weight>()((db, p) =>
  db
    .updateTable('account')
    .set(({ eb }) => ({
      used_octets: eb('used_octets', '+', p.octets),
      used_messages: eb('used_messages', '+', p.messages),
    }))
    .where('id', '=', p.account_id),
)

/** Adds to the mailbox's counters; negative numbers take away. */
export const countInMailbox = statement<Weight & { mailbox_id: Id }>()((db, p) =>
  db
    .updateTable('mailbox')
    .set(({ eb }) => ({ messages: eb('messages', '+', p.messages), octets: eb('octets', '+', p.octets) }))
    .where('account_id', '=', p.account_id)
    .where('id', '=', p.mailbox_id),
)

export interface Expunge {
  readonly account_id: Id
  readonly mailbox_id: Id
  readonly fence: number
  readonly uidls: readonly string[]
  readonly now: number
}

/** The UPDATE state: all of the messages, or none. RFC 1939 section 6. */
export function* expunge({ account_id, mailbox_id, fence, uidls, now }: Expunge): Operation<void> {
  if (!(yield* row(leaseWithFence, { account_id, fence }))) throw leaseLost()
  const mailbox = yield* row(nextModseq, { account_id, mailbox_id })
  if (!mailbox) throw leaseLost()
  let messages = 0
  let octets = 0
  for (const uidl of uidls) {
    const message = yield* row(messageState, { account_id, mailbox_id, uidl })
    if (message?.expunged_at !== null) continue
    yield* rows(expungeMessage, { account_id, mailbox_id, uidl, now, modseq: mailbox.modseq })
    messages += 1
    octets += message.octets
  }
  yield* rows(countInAccount, { account_id, messages: -messages, octets: -octets })
  yield* rows(countInMailbox, { account_id, mailbox_id, messages: -messages, octets: -octets })
}
