// Bringing back what was deleted, in SQL: expunged messages return to the end of their mailbox, hidden ones are shown
// again. Which session deleted a message, the audit knows.
import { type Kysely, sql } from 'kysely'
import type { Account } from '../../mail/account.ts'
import type { Id } from '../../mail/id.ts'
import type { UndeleteFilter } from '../../mail/recovery-store.ts'
import { countInAccount } from './counters.ts'
import type { Database } from './database.ts'
import { mailboxesOf } from './mailbox-statements.ts'
import { type Operation, row, rows } from './operation.ts'
import type { Schema } from './schema.ts'
import { statement } from './statement.ts'
import { stepMessages } from './step-budget.ts'

/** Brings back what the filter names, a step at a time; gives how many messages that were. */
export async function undeleteAll(
  { reader, writer }: Database,
  account: Account,
  filter: UndeleteFilter = {},
): Promise<number> {
  let count = 0
  for (const { id: mailbox_id } of await reader.rows(mailboxesOf, { account_id: account.id })) {
    const which = { account_id: account.id, mailbox_id, ...toParameters(filter) }
    for (let uid = 0; ; ) {
      const step = await writer.run(undelete, { ...which, uid })
      count += step.messages
      if (step.messages < stepMessages) break
      uid = step.uid
    }
    while (true) {
      const shown = await writer.run(unhide, which)
      count += shown
      if (shown < stepMessages) break
    }
  }
  return count
}

export async function countDeleted(
  { reader }: Database,
  account: Account,
  filter: UndeleteFilter = {},
): Promise<number> {
  let count = 0
  for (const { id: mailbox_id } of await reader.rows(mailboxesOf, { account_id: account.id })) {
    const which = { account_id: account.id, mailbox_id, ...toParameters(filter) }
    count += Number((await reader.row(expungedCount, which))?.messages ?? 0)
    count += Number((await reader.row(hiddenCount, which))?.messages ?? 0)
  }
  return count
}

export async function stateOfMessage(
  { reader }: Database,
  { id }: Account,
  uidl: string,
): Promise<'present' | 'hidden' | 'deleted' | undefined> {
  const found = await reader.row(messageAnywhere, { account_id: id, uidl })
  if (!found) return undefined
  if (found.expunged_at !== null) return 'deleted'
  return found.hidden_at === null ? 'present' : 'hidden'
}

/** The filter as parameters: 0 and '' are any. */
interface Which extends Record<string, string | number> {
  account_id: Id
  mailbox_id: Id
  since: number
  session_id: string
  uidl: string
}

function toParameters({ since, sessionId = '', uidl = '' }: UndeleteFilter) {
  return { since: since?.getTime() ?? 0, session_id: sessionId, uidl }
}

/** Brings one step of messages back, at the end of the mailbox. The quota is not asked: they were the account's own. */
export function* undelete(
  argument: Which & { readonly uid: number },
): Operation<{ messages: number; uid: number }> {
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

/** Shows one step of hidden messages again; gives how many. They come in the middle: no listing can be extended. */
export function* unhide(which: Which): Operation<number> {
  const { account_id, mailbox_id } = which
  const found = yield* rows(hiddenMessages, { ...which, limit: stepMessages })
  if (found.length === 0) return 0
  const mailbox = yield* row(reorder, { account_id, mailbox_id })
  if (!mailbox) return 0
  for (const { uidl } of found)
    yield* rows(showMessage, { account_id, mailbox_id, uidl, modseq: mailbox.modseq })
  return found.length
}

/** Whether the audit says that this session did it, at the time the message itself says. */
function deletedBy(session_id: string, at: 'expunged_at' | 'hidden_at') {
  return sql<boolean>`(${session_id} = '' or exists (
    select 1 from deletion
    where deletion.account_id = message.account_id and deletion.deleted_at = message.${sql.ref(at)}
      and deletion.mailbox_id = message.mailbox_id and deletion.uidl = message.uidl
      and deletion.session_id = ${session_id}))`
}

function isWanted(uidl: string) {
  return sql<boolean>`(${uidl} = '' or message.uidl = ${uidl})`
}

/** Expunged messages that the filter names. */
function expunged(db: Kysely<Schema>, p: Readonly<Which>) {
  return db
    .selectFrom('message')
    .where('account_id', '=', p.account_id)
    .where('mailbox_id', '=', p.mailbox_id)
    .where('expunged_at', 'is not', null)
    .where('expunged_at', '>=', p.since)
    .where(isWanted(p.uidl))
    .where(deletedBy(p.session_id, 'expunged_at'))
}

/** Hidden messages that the filter names. */
function hidden(db: Kysely<Schema>, p: Readonly<Which>) {
  return db
    .selectFrom('message')
    .where('account_id', '=', p.account_id)
    .where('mailbox_id', '=', p.mailbox_id)
    .where('expunged_at', 'is', null)
    .where('hidden_at', 'is not', null)
    .where('hidden_at', '>=', p.since)
    .where(isWanted(p.uidl))
    .where(deletedBy(p.session_id, 'hidden_at'))
}

const expungedAfter = statement<Which & { uid: number; limit: number }>()((db, p) =>
  expunged(db, p).select(['uidl', 'uid', 'octets']).where('uid', '>', p.uid).orderBy('uid').limit(p.limit),
)

const expungedCount = statement<Which>()((db, p) =>
  expunged(db, p).select(({ fn }) => fn.countAll<number>().as('messages')),
)

const hiddenMessages = statement<Which & { limit: number }>()((db, p) =>
  hidden(db, p).select('uidl').limit(p.limit),
)

const hiddenCount = statement<Which>()((db, p) =>
  hidden(db, p).select(({ fn }) => fn.countAll<number>().as('messages')),
)

/** An account gives each unique-id once. */
const messageAnywhere = statement<{ account_id: Id; uidl: string }>()((db, p) =>
  db
    .selectFrom('message')
    .select(['expunged_at', 'hidden_at'])
    .where('account_id', '=', p.account_id)
    .where('mailbox_id', 'in', own =>
      own.selectFrom('mailbox').select('id').where('account_id', '=', p.account_id),
    )
    .where('uidl', '=', p.uidl),
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

const reorder = statement<{ account_id: Id; mailbox_id: Id }>()((db, p) =>
  db
    .updateTable('mailbox')
    .set(({ eb }) => ({ modseq: eb('modseq', '+', 1), expunged_modseq: eb('modseq', '+', 1) }))
    .where('account_id', '=', p.account_id)
    .where('id', '=', p.mailbox_id)
    .returning('modseq'),
)

interface Restored extends Record<string, string | number> {
  account_id: Id
  mailbox_id: Id
  uidl: string
  modseq: number
}

const restoreMessage = statement<Restored & { uid: number }>()((db, p) =>
  db
    .updateTable('message')
    .set({ uid: p.uid, modseq: p.modseq, expunged_at: null, hidden_at: null })
    .where('account_id', '=', p.account_id)
    .where('mailbox_id', '=', p.mailbox_id)
    .where('uidl', '=', p.uidl),
)

const showMessage = statement<Restored>()((db, p) =>
  db
    .updateTable('message')
    .set({ hidden_at: null, modseq: p.modseq })
    .where('account_id', '=', p.account_id)
    .where('mailbox_id', '=', p.mailbox_id)
    .where('uidl', '=', p.uidl),
)
