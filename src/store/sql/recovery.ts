// Undelete and housekeeping in SQL. Everything goes in small steps, each an operation of its own, so that deliveries and
// sessions never wait for long; what a process leaves undone, the next `clean` finds.
import { setImmediate } from 'node:timers/promises'
import type { Id } from '../../mail/id.ts'
import type { RecoveryStore } from '../../mail/recovery-store.ts'
import { countInAccount } from './counters.ts'
import type { Database } from './database.ts'
import { deleteMessage, freeContent, freeLoose } from './freeing.ts'
import { type Leases, liveLeaseSince } from './leases.ts'
import { type Operation, row, rows } from './operation.ts'
import type { Remembered } from './remembered.ts'
import { statement } from './statement.ts'

/** Messages of one step. */
const stepMessages = 200
/** A delivery that wrote its first octets so long ago and was never committed has died. */
const deliveryMs = 24 * 3_600_000

export interface Freed {
  readonly messages: number
  readonly contents: number
}

export function sqlRecovery(database: Database, leases: Leases, remembered: Remembered): RecoveryStore {
  const { reader, writer, now } = database

  return {
    async undelete({ id, inboxId }, since) {
      let count = 0
      for (let uid = 0; ; ) {
        const step = await writer.run(undelete, {
          account_id: id,
          mailbox_id: inboxId,
          since: since?.getTime() ?? 0,
          uid,
        })
        count += step.messages
        if (step.messages < stepMessages) return count
        uid = step.uid
      }
    },

    async countExpunged({ id, inboxId }, since) {
      const key = { account_id: id, mailbox_id: inboxId, since: since?.getTime() ?? 0 }
      return Number((await reader.row(expungedCount, key))?.messages ?? 0)
    },

    async clean(expungedBefore, signal) {
      // Sessions that begin later do not list what was expunged before.
      await leases.showAll()
      const freed = { messages: 0, contents: 0 }
      const before = expungedBefore.getTime()
      for (let last = ''; !signal?.aborted; ) {
        const next = (await reader.row(accountAfter, { last }))?.account_id
        if (typeof next !== 'string') break
        last = next
        const more = await freeExpungedOf(last, before, database, signal)
        // At once: an import may bring a freed UIDL back with other octets.
        if (more.messages > 0) remembered.forgetAll()
        add(freed, more)
        await setImmediate()
      }
      while (!signal?.aborted && (await freeNextLoose(database, now() - deliveryMs)));
      return freed
    },
  }
}

/** Frees what an account has expunged before a time; all of it when the account itself is gone. */
async function freeExpungedOf(
  account_id: Id,
  before: number,
  database: Database,
  signal: AbortSignal | undefined,
): Promise<Freed> {
  const freed = { messages: 0, contents: 0 }
  if (!(await database.reader.row(accountById, { account_id }))) return freeMessagesOf(account_id, database)
  while (!signal?.aborted && (await database.reader.row(anyExpunged, { account_id, before }))) {
    const step = await database.writer.run(freeExpunged, { account_id, before, now: database.now() })
    add(freed, step)
    if (step.messages < stepMessages) break
  }
  return freed
}

/** Frees every message of an account that was removed. */
export async function freeMessagesOf(account_id: Id, { writer }: Database): Promise<Freed> {
  const freed = { messages: 0, contents: 0 }
  for (;;) {
    const step = await writer.run(freeMessages, { account_id })
    add(freed, step)
    if (step.messages < stepMessages) return freed
  }
}

async function freeNextLoose({ reader, writer }: Database, before: number): Promise<boolean> {
  const loose = await reader.row(oldLoose, { before })
  if (!loose) return false
  while (await writer.run(freeLoose, { ...loose, before }));
  return true
}

function add(sum: { messages: number; contents: number }, step: Freed): void {
  sum.messages += step.messages
  sum.contents += step.contents
}

interface Undelete {
  readonly account_id: Id
  readonly mailbox_id: Id
  readonly since: number
  /** The step begins behind this uid. */
  readonly uid: number
}

/** Brings one step of messages back, at the end of the mailbox. The quota is not asked: they were the account's own. */
export function* undelete(argument: Undelete): Operation<{ messages: number; uid: number }> {
  const { account_id, mailbox_id } = argument
  const lost = yield* rows(expungedAfter, { ...argument, limit: stepMessages })
  const last = lost.at(-1)
  if (!last) return { messages: 0, uid: argument.uid }
  const messages = lost.length
  const octets = lost.reduce((sum, message) => sum + message.octets, 0)
  const mailbox = yield* row(claimUids, { account_id, mailbox_id, messages, octets })
  if (!mailbox) return { messages: 0, uid: argument.uid }
  let uid = mailbox.uid_next - messages
  for (const { uidl } of lost) {
    yield* rows(restoreMessage, { account_id, mailbox_id, uidl, uid: uid++, modseq: mailbox.modseq })
  }
  yield* rows(countInAccount, { account_id, messages, octets })
  return { messages, uid: last.uid }
}

/** Frees one step of expunged messages, except those that a live session may still read. */
export function* freeExpunged(argument: { account_id: Id; before: number; now: number }): Operation<Freed> {
  const { account_id, now } = argument
  const lease = yield* row(liveLeaseSince, { account_id, now })
  const before = Math.min(argument.before, lease?.since ?? argument.before)
  return yield* freeAll(yield* rows(expungedBefore, { account_id, before, limit: stepMessages }), account_id)
}

/** Frees one step of the messages of an account that no longer exists. */
export function* freeMessages({ account_id }: { account_id: Id }): Operation<Freed> {
  if (yield* row(accountById, { account_id })) return { messages: 0, contents: 0 }
  return yield* freeAll(yield* rows(someMessages, { account_id, limit: stepMessages }), account_id)
}

interface FoundKey {
  readonly mailbox_id: Id
  readonly uidl: string
  readonly content_id: Id
}

function* freeAll(found: readonly FoundKey[], account_id: Id): Operation<Freed> {
  let contents = 0
  for (const { mailbox_id, uidl, content_id } of found) {
    yield* rows(deleteMessage, { account_id, mailbox_id, uidl })
    if (yield* freeContent(content_id)) contents += 1
  }
  return { messages: found.length, contents }
}

const accountById = statement<{ account_id: Id }>()((db, p) =>
  db.selectFrom('account').select('id').where('id', '=', p.account_id),
)

const accountAfter = statement<{ last: Id }>()((db, p) =>
  db
    .selectFrom('message')
    .select(({ fn }) => fn.min('account_id').as('account_id'))
    .where('account_id', '>', p.last),
)

const anyExpunged = statement<{ account_id: Id; before: number }>()((db, p) =>
  db
    .selectFrom('message')
    .select('account_id')
    .where('account_id', '=', p.account_id)
    .where('expunged_at', 'is not', null)
    .where('expunged_at', '<', p.before)
    .limit(1),
)

const expungedCount = statement<{ account_id: Id; mailbox_id: Id; since: number }>()((db, p) =>
  db
    .selectFrom('message')
    .select(({ fn }) => fn.countAll<number>().as('messages'))
    .where('account_id', '=', p.account_id)
    .where('mailbox_id', '=', p.mailbox_id)
    .where('expunged_at', 'is not', null)
    .where('expunged_at', '>=', p.since),
)

const expungedAfter = statement<{
  account_id: Id
  mailbox_id: Id
  since: number
  uid: number
  limit: number
}>()((db, p) =>
  db
    .selectFrom('message')
    .select(['uidl', 'uid', 'octets'])
    .where('account_id', '=', p.account_id)
    .where('mailbox_id', '=', p.mailbox_id)
    .where('expunged_at', 'is not', null)
    .where('expunged_at', '>=', p.since)
    .where('uid', '>', p.uid)
    .orderBy('uid')
    .limit(p.limit),
)

const claimUids = statement<{ account_id: Id; mailbox_id: Id; messages: number; octets: number }>()((db, p) =>
  db
    .updateTable('mailbox')
    .set(({ eb }) => ({
      uid_next: eb('uid_next', '+', p.messages),
      modseq: eb('modseq', '+', 1),
      messages: eb('messages', '+', p.messages),
      octets: eb('octets', '+', p.octets),
    }))
    .where('account_id', '=', p.account_id)
    .where('id', '=', p.mailbox_id)
    .returning(['uid_next', 'modseq']),
)

const restoreMessage = statement<{
  account_id: Id
  mailbox_id: Id
  uidl: string
  uid: number
  modseq: number
}>()((db, p) =>
  db
    .updateTable('message')
    .set({ uid: p.uid, modseq: p.modseq, expunged_at: null })
    .where('account_id', '=', p.account_id)
    .where('mailbox_id', '=', p.mailbox_id)
    .where('uidl', '=', p.uidl),
)

const expungedBefore = statement<{ account_id: Id; before: number; limit: number }>()((db, p) =>
  db
    .selectFrom('message')
    .select(['mailbox_id', 'uidl', 'content_id'])
    .where('account_id', '=', p.account_id)
    .where('expunged_at', 'is not', null)
    .where('expunged_at', '<', p.before)
    .limit(p.limit),
)

const someMessages = statement<{ account_id: Id; limit: number }>()((db, p) =>
  db
    .selectFrom('message')
    .select(['mailbox_id', 'uidl', 'content_id'])
    .where('account_id', '=', p.account_id)
    .limit(p.limit),
)

const oldLoose = statement<{ before: number }>()((db, p) =>
  db.selectFrom('loose_content').select('content_id').where('since', '<', p.before).limit(1),
)
