// Maildrops in SQL: the lease first, then the listing; messages by their UIDL, so that what others expunge stays
// readable; UPDATE as one durable operation that checks the fence inside its transaction.
import { type DeletionCause, sessionCause } from '../../mail/deletion.ts'
import { trashName } from '../../mail/folder-name.ts'
import { createId, type Id } from '../../mail/id.ts'
import type { DeletePolicy } from '../../mail/maildrop-settings.ts'
import type { Maildrop, MaildropStore, MessageForm, ScanListing } from '../../mail/maildrop-store.ts'
import { asciiForm } from '../../mail/message/ascii-form.ts'
import { markSubject } from '../../mail/message/marked-subject.ts'
import { uidlAt } from '../listing.ts'
import { partOf } from '../view-listing.ts'
import { messageOctets } from './contents.ts'
import type { Database } from './database.ts'
import type { Expunging } from './expunging.ts'
import { type Lease, type Leases, leaseLost, leaseWithFence } from './leases.ts'
import { leave } from './leaving.ts'
import { Listings } from './listings.ts'
import { ensureMailbox } from './mailboxes.ts'
import { type OpenedView, openView, type ViewMailbox } from './open-view.ts'
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
    async openMaildrop(account, holder, options = {}) {
      const lease = await leases.take(account, holder)
      try {
        const opened = await openView(database.reader, shared.listings, account, options)
        return new SqlMaildrop(shared, lease, opened, options.onDelete ?? 'expunge')
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
  readonly #opened: OpenedView
  readonly #policy: DeletePolicy
  #released = false

  constructor(shared: SharedParts, lease: Lease, opened: OpenedView, policy: DeletePolicy) {
    this.#shared = shared
    this.#lease = lease
    this.#opened = opened
    this.#policy = policy
    this.listing = opened.view.listing
  }

  async read(index: number, form: MessageForm = 'utf8') {
    const { remembered, database } = this.#shared
    const { mailbox_id, mark } = this.#mailboxAt(index)
    const found =
      mailbox_id === undefined ? undefined : await this.#find(mailbox_id, uidlAt(this.listing, index))
    const whole = await messageOctets(database.reader, found, remembered)
    const message =
      form === 'utf8' || !found || found.ascii_octets === null
        ? whole
        : asciiForm(whole, found.trace.length, found.ascii_octets)
    return mark ? markSubject(message, mark) : message
  }

  async #find(mailbox_id: Id, uidl: string): Promise<FoundMessage | undefined> {
    const { remembered, database } = this.#shared
    const account_id = this.#lease.account.id
    const known = remembered.message(mailbox_id, uidl)
    if (known) return known
    const found =
      (await database.reader.row(messageByUidl, { account_id, mailbox_id, uidl })) ??
      // Moved meanwhile.
      (await database.reader.row(messageAnywhere, { account_id, uidl }))
    if (found) remembered.setMessage(mailbox_id, uidl, found)
    return found
  }

  async update(indexes: readonly number[], retrieved: readonly number[] = []) {
    const { database, leases } = this.#shared
    const { account, holder } = this.#lease
    const sets = [
      ...this.#setsOf(indexes, sessionCause(account.name, holder, 'dele')),
      ...this.#setsOf(retrieved, sessionCause(account.name, holder, 'retrieved')),
    ]
    if (this.#released) throw leaseLost()
    const fence = await leases.fenceOf(this.#lease)
    if (sets.length > 0) {
      const now = database.now()
      const spare_id = createId(now)
      await database.writer.run(depart, {
        account_id: account.id,
        fence,
        now,
        sets,
        policy: this.#policy,
        spare_id,
      })
    }
    await this.release()
  }

  async noteRetrieved(indexes: readonly number[]) {
    const { database } = this.#shared
    const account_id = this.#lease.account.id
    for (const { mailbox_id, uidls } of this.#byMailbox(indexes))
      await database.writer.run(noteRetrieved, { account_id, mailbox_id, uidls, now: database.now() })
  }

  #setsOf(indexes: readonly number[], cause: DeletionCause): readonly LeavingSet[] {
    return this.#byMailbox(indexes).map(set => ({ ...set, cause }))
  }

  #byMailbox(indexes: readonly number[]): readonly Omit<LeavingSet, 'cause'>[] {
    const sets = new Map<Id, string[]>()
    for (const index of indexes) {
      const { mailbox_id } = this.#mailboxAt(index)
      if (mailbox_id === undefined) continue
      const uidls = sets.get(mailbox_id) ?? []
      uidls.push(uidlAt(this.listing, index))
      sets.set(mailbox_id, uidls)
    }
    return Array.from(sets, ([mailbox_id, uidls]) => ({ mailbox_id, uidls }))
  }

  #mailboxAt(index: number): ViewMailbox {
    const { view, mailboxes } = this.#opened
    const mailbox = mailboxes[partOf(view, index)]
    if (!mailbox) throw new RangeError(`no mailbox at index ${index}`)
    return mailbox
  }

  async release() {
    if (this.#released) return
    this.#released = true
    await this.#shared.leases.release(this.#lease)
  }
}

const foundColumns = [
  'message.content_id',
  'message.trace',
  'message.ascii_octets',
  'content.octets as content_octets',
  'content.header_octets',
  'content.dot_lines',
] as const

const messageByUidl = statement<{ account_id: Id; mailbox_id: Id; uidl: string }>()((db, p) =>
  db
    .selectFrom('message')
    .innerJoin('content', 'content.id', 'message.content_id')
    .select(foundColumns)
    .where('message.account_id', '=', p.account_id)
    .where('message.mailbox_id', '=', p.mailbox_id)
    .where('message.uidl', '=', p.uidl),
)

/** In whatever mailbox: an account gives each unique-id once. */
const messageAnywhere = statement<{ account_id: Id; uidl: string }>()((db, p) =>
  db
    .selectFrom('message')
    .innerJoin('content', 'content.id', 'message.content_id')
    .select(foundColumns)
    .where('message.account_id', '=', p.account_id)
    .where('message.mailbox_id', 'in', own =>
      own.selectFrom('mailbox').select('id').where('account_id', '=', p.account_id),
    )
    .where('message.uidl', '=', p.uidl),
)

/** Messages of one mailbox that go for one reason. */
type LeavingSet = Pick<Expunging, 'mailbox_id' | 'uidls' | 'cause'>

interface Departure extends Pick<Expunging, 'account_id' | 'now'> {
  readonly fence: number
  readonly sets: readonly LeavingSet[]
  readonly policy: DeletePolicy
  /** For Trash, where it has to be made. */
  readonly spare_id: Id
}

/** The UPDATE state: all of the messages, or none. RFC 1939 section 6. */
export function* depart({ fence, sets, policy, spare_id, ...key }: Departure): Operation<void> {
  const { account_id, now } = key
  if (!(yield* row(leaseWithFence, { account_id, fence }))) throw leaseLost()
  const trash_id =
    policy === 'trash' ? yield* ensureMailbox({ account_id, name: trashName, id: spare_id, now }) : undefined
  for (const set of sets) {
    if ((yield* leave({ ...key, ...set }, policy, trash_id)) === undefined) throw leaseLost()
  }
}

interface Retrieved {
  readonly account_id: Id
  readonly mailbox_id: Id
  readonly uidls: readonly string[]
  readonly now: number
}

/** The first time counts. */
export function* noteRetrieved({ account_id, mailbox_id, uidls, now }: Retrieved): Operation<void> {
  for (const uidl of uidls) yield* rows(setRetrieved, { account_id, mailbox_id, uidl, now })
}

const setRetrieved = statement<{ account_id: Id; mailbox_id: Id; uidl: string; now: number }>()((db, p) =>
  db
    .updateTable('message')
    .set({ retrieved_at: p.now })
    .where('account_id', '=', p.account_id)
    .where('mailbox_id', '=', p.mailbox_id)
    .where('uidl', '=', p.uidl)
    .where('retrieved_at', 'is', null),
)
