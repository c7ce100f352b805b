// The fourth schema: the audit of deletions, when a message was first retrieved, and of which quota warning an account was
// told last.
import { sql } from 'kysely'
import type { Migration } from './migration.ts'

const isRetrieved = sql<boolean>`retrieved_at is not null and expunged_at is null`

export const retention: Migration = (schema, { text, integer, clustered }) => [
  schema.alterTable('message').addColumn('retrieved_at', integer),
  // Where no rule asks when messages were retrieved it holds nothing.
  schema
    .createIndex('message_retrieved')
    .on('message')
    .columns(['account_id', 'mailbox_id', 'retrieved_at', 'expunged_at'])
    .where(isRetrieved),
  // Per cent; the default is for the rows that are there.
  schema.alterTable('account').addColumn('quota_warned', integer, column => column.notNull().defaultTo(0)),

  clustered(schema.createTable('deletion'))
    .addColumn('account_id', text, column => column.notNull())
    .addColumn('deleted_at', integer, column => column.notNull())
    .addColumn('mailbox_id', text, column => column.notNull())
    .addColumn('uidl', text, column => column.notNull())
    .addColumn('folder', text, column => column.notNull())
    .addColumn('octets', integer, column => column.notNull())
    .addColumn('fate', text, column => column.notNull())
    .addColumn('reason', text, column => column.notNull())
    .addColumn('actor', text, column => column.notNull())
    .addColumn('session_id', text)
    .addColumn('peer', text)
    .addColumn('protocol', text)
    .addPrimaryKeyConstraint('deletion_key', ['account_id', 'deleted_at', 'mailbox_id', 'uidl']),

  // Whose deletions those of an account without a name are.
  clustered(schema.createTable('removed_account'))
    .addColumn('account_id', text, column => column.primaryKey())
    .addColumn('name', text, column => column.notNull())
    .addColumn('removed_at', integer, column => column.notNull())
    .addColumn('actor', text, column => column.notNull()),
  schema.createIndex('removed_account_name').on('removed_account').column('name'),
]
