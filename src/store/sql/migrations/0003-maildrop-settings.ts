// The third schema: what maildrops are like for each account and app password, messages that POP3 shows no longer, and
// for whom of several behind one account a message is.
import { sql } from 'kysely'
import type { Migration } from './migration.ts'

const present = sql<boolean>`expunged_at is null`
const isAddressed = sql<boolean>`expunged_at is null and addressee is not null`

/** What a scan listing is made of, read from an index alone; SQLite needs `expunged_at` in it to believe so. */
const scanned = ['uid', 'octets', 'uidl', 'internal_date', 'hidden_at', 'expunged_at'] as const

export const maildropSettings: Migration = (schema, { text, integer }) => [
  schema.alterTable('account').addColumn('settings', text),
  schema.alterTable('app_password').addColumn('settings', text),
  schema.alterTable('message').addColumn('hidden_at', integer),
  schema.alterTable('message').addColumn('addressee', text),

  schema.dropIndex('message_scan'),
  schema
    .createIndex('message_scan')
    .on('message')
    .columns(['account_id', 'mailbox_id', ...scanned])
    .where(present),
  // Of accounts that one person has to themselves it holds nothing.
  schema
    .createIndex('message_addressee')
    .on('message')
    .columns(['account_id', 'mailbox_id', 'addressee', ...scanned])
    .where(isAddressed),
]
