// The one place where messages leave a mailbox. What leaves is recorded in the same transaction: no deletion without its
// line in the audit, and no line without a deletion.
import type { DeletionCause, DeletionFate } from '../../mail/deletion.ts'
import type { Id } from '../../mail/id.ts'
import { countInAccount, countInMailbox } from './counters.ts'
import { type Operation, row, rows } from './operation.ts'
import type { Schema } from './schema.ts'
import { statement } from './statement.ts'

export interface Expunging {
  readonly account_id: Id
  readonly mailbox_id: Id
  readonly uidls: readonly string[]
  readonly now: number
  readonly cause: DeletionCause
}

/** Expunges those of the messages that are there; undefined when the mailbox is gone. */
export function* expungeMessages(argument: Expunging): Operation<number | undefined> {
  const { account_id, mailbox_id, uidls, now, cause } = argument
  const mailbox = yield* row(nextModseq, { account_id, mailbox_id })
  if (!mailbox) return undefined
  let messages = 0
  let octets = 0
  for (const uidl of uidls) {
    const message = yield* row(messageState, { account_id, mailbox_id, uidl })
    if (message?.expunged_at !== null) continue
    yield* rows(expungeMessage, { account_id, mailbox_id, uidl, now, modseq: mailbox.modseq })
    yield* recordDeletion(argument, { folder: mailbox.name, uidl, octets: message.octets }, cause)
    messages += 1
    octets += message.octets
  }
  yield* rows(countInAccount, { account_id, messages: -messages, octets: -octets })
  yield* rows(countInMailbox, { account_id, mailbox_id, messages: -messages, octets: -octets })
  return messages
}

/** What is recorded of one message besides the cause. */
interface Deleted {
  readonly folder: string
  readonly uidl: string
  readonly octets: number
  /** Default `expunged`. */
  readonly fate?: DeletionFate
}

/** Records one deletion; to be part of the operation that deletes. */
export function* recordDeletion(
  { account_id, mailbox_id, now }: Pick<Expunging, 'account_id' | 'mailbox_id' | 'now'>,
  { fate = 'expunged', ...deleted }: Deleted,
  cause: DeletionCause,
): Operation<void> {
  yield* rows(insertDeletion, {
    account_id,
    mailbox_id,
    deleted_at: now,
    ...deleted,
    fate,
    reason: cause.reason,
    actor: cause.actor,
    session_id: cause.sessionId ?? null,
    peer: cause.peer ?? null,
    protocol: cause.protocol ?? null,
  })
}

/** Marks a change of the mailbox in which messages go. */
export const nextModseq = statement<{ account_id: Id; mailbox_id: Id }>()((db, p) =>
  db
    .updateTable('mailbox')
    .set(({ eb }) => ({ modseq: eb('modseq', '+', 1), expunged_modseq: eb('modseq', '+', 1) }))
    .where('account_id', '=', p.account_id)
    .where('id', '=', p.mailbox_id)
    .returning(['modseq', 'name']),
)

export const messageState = statement<{ account_id: Id; mailbox_id: Id; uidl: string }>()((db, p) =>
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

/** A message that is deleted, brought back and deleted again within a millisecond has one line. */
const insertDeletion = statement<Schema['deletion']>()((db, p) =>
  db
    .insertInto('deletion')
    .values({
      account_id: p.account_id,
      deleted_at: p.deleted_at,
      mailbox_id: p.mailbox_id,
      uidl: p.uidl,
      folder: p.folder,
      octets: p.octets,
      fate: p.fate,
      reason: p.reason,
      actor: p.actor,
      session_id: p.session_id,
      peer: p.peer,
      protocol: p.protocol,
    })
    .onConflict(conflict => conflict.doNothing()),
)
