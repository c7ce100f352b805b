// Delivery in SQL. A small message waits in memory and is laid down by the commit itself; of a larger one the chunks are
// laid down as they come, marked as loose until the commit, so that memory stays bounded whatever its size.

import type { CollectedRecord } from '../../mail/collection-ledger.ts'
import type {
  ContentFacts,
  CopyOutcome,
  Delivery,
  DeliveryCopy,
  DeliveryMode,
  DeliveryTarget,
} from '../../mail/delivery-target.ts'
import { flagsToBits } from '../../mail/flags.ts'
import { sameFolder, standingFolder } from '../../mail/folder-name.ts'
import { createId, type Id } from '../../mail/id.ts'
import { asciiOctetsOf } from '../../mail/message/ascii-form.ts'
import { checkDelivered, hasIt } from '../collected.ts'
import { addGroups, checkUidl, type Groups, groupsOf } from '../outcomes.ts'
import { ChunkBuffer, chunkOctets } from './chunks.ts'
import { type CollectedRow, destinationsOf, toRow } from './collected-row.ts'
import { collectedDestinations, upsertCollected } from './collected-statements.ts'
import { countInAccount, countInMailbox } from './counters.ts'
import type { Database } from './database.ts'
import { deleteMessage, freeLoose } from './freeing.ts'
import { mailboxesOf } from './mailbox-statements.ts'
import { ensureMailbox, type NewMailbox } from './mailboxes.ts'
import { type Operation, row, rows, Undone } from './operation.ts'
import type { Schema } from './schema.ts'
import { statement } from './statement.ts'

/** Chunks that wait in memory, and are then laid down together ahead of the commit: 256 KiB. */
const waitingChunks = 4
const waitingOctets = waitingChunks * chunkOctets

export function sqlDeliveries(database: Database): DeliveryTarget {
  return { begin: () => new SqlDelivery(database) }
}

class SqlDelivery implements Delivery {
  readonly id: Id
  readonly #database: Database
  readonly #buffer = new ChunkBuffer()
  #octets = 0
  #spilled = 0
  #spillMemory: Uint8Array | undefined
  #ended = false

  constructor(database: Database) {
    this.#database = database
    this.id = createId(database.now())
  }

  async write(chunk: Uint8Array) {
    this.#checkOpen()
    this.#buffer.push(chunk)
    this.#octets += chunk.length
    while (this.#buffer.octets > waitingOctets) await this.#spill()
  }

  async commit(
    facts: ContentFacts,
    copies: readonly DeliveryCopy[],
    mode: DeliveryMode,
    collected?: CollectedRecord,
  ) {
    this.#checkOpen()
    if (collected) checkDelivered(collected, mode)
    for (const { uidl } of copies) checkUidl(uidl)
    const groups = groupsOf(copies.length, mode)
    const { writer, now } = this.#database
    const chunks = this.#buffer.takeAll()
    this.#ended = true
    const outcomes = await writer.run(
      deliver,
      {
        content: {
          content_id: this.id,
          octets: this.#octets,
          header_octets: facts.headerOctets,
          dot_lines: facts.dotLines,
        },
        chunks,
        seq: this.#spilled,
        copies: copies.map(copy => ({
          ...plainCopy(copy, now()),
          ascii_octets: asciiOctetsOf(copy.trace, this.#octets, facts) ?? null,
        })),
        groups,
        ...(collected && { collected: { record: collected, row: toRow(collected, now()) } }),
      },
      chunks.map(({ buffer }) => buffer),
    )
    if (outcomes.some(({ delivered }) => delivered)) this.#spilled = 0
    else await this.abort()
    return outcomes
  }

  async abort() {
    this.#ended = true
    if (this.#spilled === 0) return
    this.#spilled = 0
    const { writer } = this.#database
    while (await writer.run(freeLoose, { content_id: this.id, before: Number.MAX_SAFE_INTEGER }));
  }

  /** One piece of memory serves every spill: the writer has read it when the promise resolves. */
  async #spill() {
    const { writer, now } = this.#database
    this.#spillMemory ??= new Uint8Array(new SharedArrayBuffer(waitingOctets))
    const memory = this.#spillMemory
    this.#buffer.fill(memory)
    const chunks = Array.from({ length: waitingChunks }, (_, i) =>
      memory.subarray(i * chunkOctets, (i + 1) * chunkOctets),
    )
    const seq = this.#spilled
    this.#spilled += waitingChunks
    await writer.run(spill, { content_id: this.id, seq, chunks, now: now() })
  }

  #checkOpen() {
    if (this.#ended) throw new Error(`the delivery ${this.id} has ended`)
  }
}

/** A copy as it travels to the writer. */
interface PlainCopy {
  readonly account_id: Id
  readonly trace: Uint8Array
  readonly internal_date: number
  readonly flags: number
  readonly ascii_octets: number | null
  /** Made here unless it was given. */
  readonly uidl: string
  readonly given: boolean
  readonly addressee: string | null
  /** 1 when its quota is not asked. */
  readonly is_exempt: number
  readonly hidden_at: number | null
  /** INBOX without it. */
  readonly folder?: Pick<NewMailbox, 'name' | 'id' | 'now'>
}

function plainCopy(
  { account, trace, internalDate, flags = [], uidl, folder, addressee, ...others }: DeliveryCopy,
  now: number,
): Omit<PlainCopy, 'ascii_octets'> {
  return {
    account_id: account.id,
    trace: new Uint8Array(trace),
    internal_date: internalDate.getTime(),
    flags: flagsToBits(flags),
    uidl: uidl ?? createId(now),
    given: uidl !== undefined,
    addressee: addressee ?? null,
    is_exempt: others.isExemptFromQuota ? 1 : 0,
    hidden_at: others.isHidden ? now : null,
    ...(folder !== undefined && { folder: { name: folder, id: createId(now), now } }),
  }
}

interface Spill {
  readonly content_id: Id
  readonly seq: number
  readonly chunks: readonly Uint8Array[]
  readonly now: number
}

/** Lays down chunks of a content that is not committed yet. */
export function* spill({ content_id, seq, chunks, now }: Spill): Operation<void> {
  if (seq === 0) yield* rows(insertLoose, { content_id, since: now })
  yield* layDown(content_id, seq, chunks)
}

function* layDown(content_id: Id, from: number, chunks: readonly Uint8Array[]): Operation<void> {
  let seq = from
  for (const octets of chunks) yield* rows(insertChunk, { content_id, seq: seq++, octets })
}

interface Deliver {
  readonly content: NewContent
  /** The last chunks, the first of them having this `seq`. */
  readonly chunks: readonly Uint8Array[]
  readonly seq: number
  readonly copies: readonly PlainCopy[]
  readonly groups: Groups
  /** Written when the copies are. */
  readonly collected?: { readonly record: CollectedRecord; readonly row: CollectedRow }
}

/** Makes the message exist for its copies. */
export function* deliver(delivery: Deliver): Operation<CopyOutcome[]> {
  const { content, chunks, seq, copies, groups, collected } = delivery
  const { content_id } = content
  if (collected && (yield* isCollected(collected.record)))
    throw new Undone(copies.map(() => ({ delivered: false, reason: 'already-collected' })))
  const outcomes = yield* addGroups(copies, groups, {
    add: copy => deliverCopy(copy, content),
    takeBack: (copy, uidl) => takeCopyBack(copy, uidl, content),
  })
  if (!outcomes.some(({ delivered }) => delivered)) throw new Undone(outcomes)
  if (seq > 0 && !(yield* row(claimLoose, { content_id }))) {
    throw new Error(`the delivery ${content_id} took so long that its octets were freed`)
  }
  yield* layDown(content_id, seq, chunks)
  yield* rows(insertContent, content)
  if (collected) yield* rows(upsertCollected, collected.row)
  return outcomes
}

function* isCollected(record: CollectedRecord): Operation<boolean> {
  const { source, key } = record
  const known = yield* row(collectedDestinations, { source, key })
  return known !== undefined && hasIt(destinationsOf(known.destinations, record), record)
}

function* deliverCopy(copy: PlainCopy, content: NewContent): Operation<CopyOutcome> {
  const { account_id, uidl, trace, internal_date, flags, ascii_octets, addressee, hidden_at } = copy
  const { content_id } = content
  const octets = trace.length + content.octets
  const account = yield* row(accountInbox, { account_id })
  if (!account) return { delivered: false, reason: 'no-such-account' }
  if (copy.given && (yield* row(uidlTaken, { account_id, uidl }))) {
    return { delivered: false, reason: 'duplicate-uidl' }
  }
  if (!(yield* row(claimRoom, { account_id, octets, is_exempt: copy.is_exempt })))
    return { delivered: false, reason: 'over-quota' }
  const mailbox_id = yield* mailboxFor(copy, account.inbox_id)
  const mailbox = yield* row(claimUid, { account_id, mailbox_id, octets })
  if (!mailbox) throw new Error(`the account ${account_id} has no INBOX`)
  const { modseq } = mailbox
  const uid = mailbox.uid_next - 1
  yield* rows(insertMessage, {
    account_id,
    mailbox_id,
    uidl,
    uid,
    content_id,
    trace,
    octets,
    ascii_octets,
    internal_date,
    flags,
    modseq,
    hidden_at,
    addressee,
  })
  return { delivered: true, uidl }
}

/** A folder that is not there, and need not be, means INBOX: better there than nowhere. */
function* mailboxFor({ account_id, folder }: PlainCopy, inbox_id: Id): Operation<Id> {
  if (!folder) return inbox_id
  const name = standingFolder(folder.name)
  if (name !== undefined) return yield* ensureMailbox({ account_id, ...folder, name })
  const found = yield* rows(mailboxesOf, { account_id })
  return found.find(each => sameFolder(each.name, folder.name))?.id ?? inbox_id
}

/** The uid stays used: a gap, as every mailbox may have. */
function* takeCopyBack(copy: PlainCopy, uidl: string, content: NewContent): Operation<void> {
  const { account_id, trace } = copy
  const account = yield* row(accountInbox, { account_id })
  if (!account) return
  const mailbox_id = yield* mailboxFor(copy, account.inbox_id)
  const octets = trace.length + content.octets
  yield* rows(deleteMessage, { account_id, mailbox_id, uidl })
  yield* rows(countInAccount, { account_id, messages: -1, octets: -octets })
  yield* rows(countInMailbox, { account_id, mailbox_id, messages: -1, octets: -octets })
}

const insertLoose = statement<{ content_id: Id; since: number }>()((db, p) =>
  db.insertInto('loose_content').values({ content_id: p.content_id, since: p.since }),
)

/** Not when housekeeping has begun to free it. */
const claimLoose = statement<{ content_id: Id }>()((db, p) =>
  db
    .deleteFrom('loose_content')
    .where('content_id', '=', p.content_id)
    .where('since', '>', 0)
    .returning('content_id'),
)

const insertChunk = statement<{ content_id: Id; seq: number; octets: Uint8Array }>()((db, p) =>
  db.insertInto('content_chunk').values({ content_id: p.content_id, seq: p.seq, octets: p.octets }),
)

type NewContent = Omit<Schema['content'], 'id' | 'location'> & { content_id: Id }

const insertContent = statement<NewContent>()((db, p) =>
  db.insertInto('content').values({
    id: p.content_id,
    octets: p.octets,
    header_octets: p.header_octets,
    dot_lines: p.dot_lines,
    location: null,
  }),
)

const accountInbox = statement<{ account_id: Id }>()((db, p) =>
  db.selectFrom('account').select('inbox_id').where('id', '=', p.account_id),
)

const claimRoom = statement<{ account_id: Id; octets: number; is_exempt: number }>()((db, p) =>
  db
    .updateTable('account')
    .set(({ eb }) => ({
      used_octets: eb('used_octets', '+', p.octets),
      used_messages: eb('used_messages', '+', 1),
    }))
    .where('id', '=', p.account_id)
    .where(eb =>
      eb.or([
        eb(eb.val(p.is_exempt), '=', 1),
        eb('quota_octets', '=', 0),
        eb(eb('used_octets', '+', p.octets), '<=', eb.ref('quota_octets')),
      ]),
    )
    .returning('id'),
)

const claimUid = statement<{ account_id: Id; mailbox_id: Id; octets: number }>()((db, p) =>
  db
    .updateTable('mailbox')
    .set(({ eb }) => ({
      uid_next: eb('uid_next', '+', 1),
      modseq: eb('modseq', '+', 1),
      messages: eb('messages', '+', 1),
      octets: eb('octets', '+', p.octets),
    }))
    .where('account_id', '=', p.account_id)
    .where('id', '=', p.mailbox_id)
    .returning(['uid_next', 'modseq']),
)

/** In any folder: a view of several shows each unique-id once. */
const uidlTaken = statement<{ account_id: Id; uidl: string }>()((db, p) =>
  db
    .selectFrom('message')
    .select('uidl')
    .where('account_id', '=', p.account_id)
    .where('mailbox_id', 'in', own =>
      own.selectFrom('mailbox').select('id').where('account_id', '=', p.account_id),
    )
    .where('uidl', '=', p.uidl),
)

type NewMessage = Omit<Schema['message'], 'expunged_at' | 'retrieved_at'>

const insertMessage = statement<NewMessage>()((db, p) =>
  db.insertInto('message').values({
    account_id: p.account_id,
    mailbox_id: p.mailbox_id,
    uidl: p.uidl,
    uid: p.uid,
    content_id: p.content_id,
    trace: p.trace,
    octets: p.octets,
    ascii_octets: p.ascii_octets,
    internal_date: p.internal_date,
    flags: p.flags,
    modseq: p.modseq,
    expunged_at: null,
    hidden_at: p.hidden_at,
    addressee: p.addressee,
    retrieved_at: null,
  }),
)
