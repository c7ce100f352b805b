// What DELE comes to at QUIT: expunged, moved to Trash, or no longer shown by POP3. Each is a part of an operation, and each
// records what left in the same transaction, as expunging.ts does.
import type { Id } from '../../mail/id.ts'
import type { DeletePolicy } from '../../mail/maildrop-settings.ts'
import { countInMailbox } from './counters.ts'
import { type Expunging, expungeMessages, messageState, nextModseq, recordDeletion } from './expunging.ts'
import { type Operation, row, rows } from './operation.ts'
import { statement } from './statement.ts'

/**
 * Does with those of the messages that are there as the policy says; `trash_id` is where they go that move. Returns how
 * many left; undefined when the mailbox is gone.
 */
export function* leave(
  leaving: Expunging,
  policy: DeletePolicy,
  trash_id: Id | undefined,
): Operation<number | undefined> {
  if (policy === 'hide') return yield* hide(leaving)
  // What is deleted from Trash is deleted.
  if (policy === 'expunge' || trash_id === undefined || trash_id === leaving.mailbox_id)
    return yield* expungeMessages(leaving)
  return yield* move(leaving, trash_id)
}

/** To the end of another mailbox, unique-ids unchanged. */
function* move(leaving: Expunging, to: Id): Operation<number | undefined> {
  const { account_id, mailbox_id } = leaving
  const begun = yield* begin(leaving)
  if (!begun) return undefined
  const { found, folder } = begun
  const messages = found.length
  const octets = found.reduce((sum, message) => sum + message.octets, 0)
  const target = yield* row(claimUids, { account_id, mailbox_id: to, uids: messages })
  if (!target) throw new Error(`the account ${account_id} has no mailbox ${to}`)
  let uid = target.uid_next - messages
  for (const message of found) {
    const { uidl } = message
    yield* rows(moveMessage, { account_id, mailbox_id, uidl, to, uid: uid++, modseq: target.modseq })
    yield* recordDeletion(leaving, { ...message, folder, fate: 'trash' }, leaving.cause)
  }
  yield* rows(countInMailbox, { account_id, mailbox_id, messages: -messages, octets: -octets })
  yield* rows(countInMailbox, { account_id, mailbox_id: to, messages, octets })
  return messages
}

/** Everything but POP3 still has them where they are, and they weigh as before. */
function* hide(leaving: Expunging): Operation<number | undefined> {
  const { account_id, mailbox_id, now } = leaving
  const begun = yield* begin(leaving)
  if (!begun) return undefined
  const { found, folder, modseq } = begun
  for (const message of found) {
    yield* rows(hideMessage, { account_id, mailbox_id, uidl: message.uidl, now, modseq })
    yield* recordDeletion(leaving, { ...message, folder, fate: 'hidden' }, leaving.cause)
  }
  return found.length
}

interface Begun {
  readonly found: readonly { readonly uidl: string; readonly octets: number }[]
  readonly folder: string
  readonly modseq: number
}

/** Those that are there, and a state of the mailbox from which no listing can be extended. */
function* begin({ account_id, mailbox_id, uidls }: Expunging): Operation<Begun | undefined> {
  const mailbox = yield* row(nextModseq, { account_id, mailbox_id })
  if (!mailbox) return undefined
  const found: { uidl: string; octets: number }[] = []
  for (const uidl of uidls) {
    const message = yield* row(messageState, { account_id, mailbox_id, uidl })
    if (message?.expunged_at === null) found.push({ uidl, octets: message.octets })
  }
  return { found, folder: mailbox.name, modseq: mailbox.modseq }
}

/** Rows of one step of `vacateMailbox`. */
const stepRows = 200

/** Moves one step of expunged messages to another mailbox, where `undelete` finds them; true while there are more. */
export function* vacateMailbox(argument: { account_id: Id; from: Id; to: Id }): Operation<boolean> {
  const { account_id, from, to } = argument
  const found = yield* rows(someExpunged, { account_id, mailbox_id: from, limit: stepRows })
  if (found.length === 0) return false
  const target = yield* row(claimUids, { account_id, mailbox_id: to, uids: found.length })
  if (!target) throw new Error(`the account ${account_id} has no INBOX`)
  let uid = target.uid_next - found.length
  for (const { uidl, expunged_at } of found) {
    yield* rows(moveMessage, { account_id, mailbox_id: from, uidl, to, uid: uid++, modseq: target.modseq })
    // By it the session is found that deleted the message.
    yield* rows(moveDeletion, { account_id, mailbox_id: from, uidl, to, deleted_at: expunged_at ?? 0 })
  }
  return true
}

interface MessageChange extends Record<string, string | number> {
  account_id: Id
  mailbox_id: Id
  uidl: string
  modseq: number
}

const hideMessage = statement<MessageChange & { now: number }>()((db, p) =>
  db
    .updateTable('message')
    .set({ hidden_at: p.now, modseq: p.modseq })
    .where('account_id', '=', p.account_id)
    .where('mailbox_id', '=', p.mailbox_id)
    .where('uidl', '=', p.uidl),
)

const moveMessage = statement<MessageChange & { to: Id; uid: number }>()((db, p) =>
  db
    .updateTable('message')
    .set({ mailbox_id: p.to, uid: p.uid, modseq: p.modseq })
    .where('account_id', '=', p.account_id)
    .where('mailbox_id', '=', p.mailbox_id)
    .where('uidl', '=', p.uidl),
)

/** The name of the folder stays what it was. */
const moveDeletion = statement<{
  account_id: Id
  mailbox_id: Id
  uidl: string
  to: Id
  deleted_at: number
}>()((db, p) =>
  db
    .updateTable('deletion')
    .set({ mailbox_id: p.to })
    .where('account_id', '=', p.account_id)
    .where('deleted_at', '=', p.deleted_at)
    .where('mailbox_id', '=', p.mailbox_id)
    .where('uidl', '=', p.uidl),
)

const someExpunged = statement<{ account_id: Id; mailbox_id: Id; limit: number }>()((db, p) =>
  db
    .selectFrom('message')
    .select(['uidl', 'expunged_at'])
    .where('account_id', '=', p.account_id)
    .where('mailbox_id', '=', p.mailbox_id)
    .where('expunged_at', 'is not', null)
    .orderBy('uid')
    .limit(p.limit),
)

/** The last of the UIDs is one below `uid_next`. */
const claimUids = statement<{ account_id: Id; mailbox_id: Id; uids: number }>()((db, p) =>
  db
    .updateTable('mailbox')
    .set(({ eb }) => ({ uid_next: eb('uid_next', '+', p.uids), modseq: eb('modseq', '+', 1) }))
    .where('account_id', '=', p.account_id)
    .where('id', '=', p.mailbox_id)
    .returning(['uid_next', 'modseq']),
)
