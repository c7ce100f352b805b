// Statements on single mailboxes.
import type { Id } from '../../mail/id.ts'
import { statement } from './statement.ts'

export const mailboxesOf = statement<{ account_id: Id }>()((db, p) =>
  db
    .selectFrom('mailbox')
    .select(['id', 'name', 'messages', 'octets', 'modseq'])
    .where('account_id', '=', p.account_id),
)

export const insertMailbox = statement<{ account_id: Id; id: Id; name: string; uid_validity: number }>()(
  (db, p) =>
    db.insertInto('mailbox').values({
      account_id: p.account_id,
      id: p.id,
      name: p.name,
      uid_validity: p.uid_validity,
      uid_next: 1,
      modseq: 1,
      expunged_modseq: 1,
      messages: 0,
      octets: 0,
    }),
)

export const deleteMailbox = statement<{ account_id: Id; id: Id }>()((db, p) =>
  db.deleteFrom('mailbox').where('account_id', '=', p.account_id).where('id', '=', p.id),
)
