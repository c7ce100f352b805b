// The counters of accounts and mailboxes. Every operation that makes messages come or go changes them with it.
import type { Id } from '../../mail/id.ts'
import { statement } from './statement.ts'

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
