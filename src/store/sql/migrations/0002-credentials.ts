// The second schema: what logins by SCRAM, CRAM-MD5 and APOP need beside the hash of a password, accounts that are
// disabled, and app passwords.

import { sql } from 'kysely'
import { keptElsewhere } from '../../../mail/account.ts'
import type { Migration } from './migration.ts'

/** Conditions of partial indexes; a query that says the same finds its rows there. */
export const isSealed = sql<boolean>`sealed_password is not null`
export const isNotSealed = sql<boolean>`sealed_password is null and password_hash is not null and password_hash <> ${sql.lit(keptElsewhere)}`
export const lacksScramKeys = sql<boolean>`scram_keys is null and password_hash is not null and password_hash <> ${sql.lit(keptElsewhere)}`

export const credentials: Migration = (schema, { text, integer, clustered }) => [
  // One by one: SQLite adds one column at a time. Lists of texts are JSON, null where they are empty.
  schema.alterTable('account').addColumn('scram_keys', text),
  schema.alterTable('account').addColumn('sealed_password', text),
  // The default is for the rows that are there.
  schema.alterTable('account').addColumn('is_disabled', integer, column => column.notNull().defaultTo(0)),
  // Hold only the accounts asked about, so that asking whether there are any costs nothing.
  schema.createIndex('account_sealed').on('account').column('id').where(isSealed),
  schema.createIndex('account_not_sealed').on('account').column('id').where(isNotSealed),
  schema.createIndex('account_without_scram_keys').on('account').column('id').where(lacksScramKeys),

  clustered(schema.createTable('app_password'))
    .addColumn('account_id', text, column => column.notNull())
    .addColumn('id', text, column => column.notNull())
    .addColumn('name', text, column => column.notNull())
    .addColumn('password_hash', text, column => column.notNull())
    .addColumn('scram_keys', text)
    .addColumn('protocols', text)
    .addColumn('read_only', integer, column => column.notNull())
    .addColumn('networks', text)
    .addColumn('created_at', integer, column => column.notNull())
    .addColumn('last_used_at', integer)
    .addColumn('last_used_from', text)
    .addPrimaryKeyConstraint('app_password_key', ['account_id', 'id'])
    .addUniqueConstraint('app_password_name', ['account_id', 'name']),
  // A use is noted by the id alone.
  schema.createIndex('app_password_id').on('app_password').column('id'),
]
