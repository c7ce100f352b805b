// The first schema: accounts, mailboxes, messages, contents in chunks.
import { sql } from 'kysely'
import type { Migration } from './migration.ts'

const present = sql<boolean>`expunged_at is null`
const expunged = sql<boolean>`expunged_at is not null`

export const first: Migration = (schema, { text, integer, octets, clustered }) => [
  schema
    .createTable('account')
    .addColumn('id', text, column => column.primaryKey())
    .addColumn('name', text, column => column.notNull().unique())
    .addColumn('password_hash', text)
    .addColumn('quota_octets', integer, column => column.notNull())
    .addColumn('used_octets', integer, column => column.notNull())
    .addColumn('used_messages', integer, column => column.notNull())
    .addColumn('inbox_id', text, column => column.notNull())
    .addColumn('created_at', integer, column => column.notNull()),

  clustered(schema.createTable('address'))
    .addColumn('address', text, column => column.notNull())
    .addColumn('account_id', text, column => column.notNull())
    .addPrimaryKeyConstraint('address_key', ['address', 'account_id']),
  schema.createIndex('address_account').on('address').column('account_id'),

  clustered(schema.createTable('mailbox'))
    .addColumn('account_id', text, column => column.notNull())
    .addColumn('id', text, column => column.notNull())
    .addColumn('name', text, column => column.notNull())
    .addColumn('uid_validity', integer, column => column.notNull())
    .addColumn('uid_next', integer, column => column.notNull())
    .addColumn('modseq', integer, column => column.notNull())
    .addColumn('expunged_modseq', integer, column => column.notNull())
    .addColumn('messages', integer, column => column.notNull())
    .addColumn('octets', integer, column => column.notNull())
    .addPrimaryKeyConstraint('mailbox_key', ['account_id', 'id'])
    .addUniqueConstraint('mailbox_name', ['account_id', 'name']),

  clustered(schema.createTable('message'))
    .addColumn('account_id', text, column => column.notNull())
    .addColumn('mailbox_id', text, column => column.notNull())
    .addColumn('uidl', text, column => column.notNull())
    .addColumn('uid', integer, column => column.notNull())
    .addColumn('content_id', text, column => column.notNull())
    .addColumn('trace', octets, column => column.notNull())
    .addColumn('octets', integer, column => column.notNull())
    .addColumn('internal_date', integer, column => column.notNull())
    .addColumn('flags', integer, column => column.notNull())
    .addColumn('modseq', integer, column => column.notNull())
    .addColumn('expunged_at', integer)
    .addPrimaryKeyConstraint('message_key', ['account_id', 'mailbox_id', 'uidl']),
  // The scan listing is read from this index alone; SQLite needs `expunged_at` in it to believe so.
  schema
    .createIndex('message_scan')
    .on('message')
    .columns(['account_id', 'mailbox_id', 'uid', 'octets', 'uidl', 'expunged_at'])
    .where(present),
  schema
    .createIndex('message_expunged')
    .on('message')
    .columns(['account_id', 'mailbox_id', 'uid'])
    .where(expunged),
  schema
    .createIndex('message_expunged_at')
    .on('message')
    .columns(['account_id', 'expunged_at'])
    .where(expunged),
  schema.createIndex('message_content').on('message').column('content_id'),

  clustered(schema.createTable('content'))
    .addColumn('id', text, column => column.primaryKey())
    .addColumn('octets', integer, column => column.notNull())
    .addColumn('header_octets', integer, column => column.notNull())
    .addColumn('dot_lines', integer, column => column.notNull())
    .addColumn('location', text),

  // Not clustered: large values lie better in a plain table (docs/decisions/0001-octets-in-sqlite.md).
  schema
    .createTable('content_chunk')
    .addColumn('content_id', text, column => column.notNull())
    .addColumn('seq', integer, column => column.notNull())
    .addColumn('octets', octets, column => column.notNull())
    .addPrimaryKeyConstraint('content_chunk_key', ['content_id', 'seq']),

  clustered(schema.createTable('loose_content'))
    .addColumn('content_id', text, column => column.primaryKey())
    .addColumn('since', integer, column => column.notNull()),
]
