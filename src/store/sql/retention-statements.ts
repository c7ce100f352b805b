// What retention looks for in a mailbox, each answered from an index in its order.
import type { Id } from '../../mail/id.ts'
import { statement } from './statement.ts'

interface Page extends Record<string, string | number> {
  account_id: Id
  mailbox_id: Id
  limit: number
}

/** A page of the mailbox with what ages and sizes are judged by. Answered from the index `message_scan` alone. */
export const dueMessages = statement<Page & { uid: number }>()((db, p) =>
  db
    .selectFrom('message')
    .select(['uid', 'uidl', 'octets', 'internal_date'])
    .where('account_id', '=', p.account_id)
    .where('mailbox_id', '=', p.mailbox_id)
    .where('expunged_at', 'is', null)
    .where('uid', '>', p.uid)
    .orderBy('uid')
    .limit(p.limit),
)

/** Answered from the index `message_scan` alone. */
export const oldestMessages = statement<Page>()((db, p) =>
  db
    .selectFrom('message')
    .select(['uidl', 'octets'])
    .where('account_id', '=', p.account_id)
    .where('mailbox_id', '=', p.mailbox_id)
    .where('expunged_at', 'is', null)
    .orderBy('uid')
    .limit(p.limit),
)

export const mailboxSize = statement<{ account_id: Id; mailbox_id: Id }>()((db, p) =>
  db
    .selectFrom('mailbox')
    .select(['messages', 'octets'])
    .where('account_id', '=', p.account_id)
    .where('id', '=', p.mailbox_id),
)

interface RetrievedPage extends Page {
  retrieved_before: number
  date_before: number
  larger_than: number
}

/** Found by the index `message_retrieved`. */
export const retrievedBefore = statement<RetrievedPage>()((db, p) =>
  db
    .selectFrom('message')
    .select('uidl')
    .where('account_id', '=', p.account_id)
    .where('mailbox_id', '=', p.mailbox_id)
    .where('expunged_at', 'is', null)
    .where('retrieved_at', 'is not', null)
    .where('retrieved_at', '<=', p.retrieved_before)
    .where('internal_date', '<=', p.date_before)
    .where('octets', '>', p.larger_than)
    .orderBy('retrieved_at')
    .limit(p.limit),
)
