// The seventh schema: the ledger of what was collected from elsewhere.
import type { Migration } from './migration.ts'

export const collections: Migration = (schema, { text, integer, clustered }) => [
  clustered(schema.createTable('collected_source'))
    .addColumn('source', text, column => column.primaryKey())
    .addColumn('identity', text, column => column.notNull())
    .addColumn('last_run_at', integer)
    .addColumn('last_success_at', integer)
    .addColumn('failures', integer, column => column.notNull())
    .addColumn('login_failures', integer, column => column.notNull())
    .addColumn('error', text)
    .addColumn('not_before', integer)
    .addColumn('paused', text),

  clustered(schema.createTable('collected_message'))
    .addColumn('source', text, column => column.notNull())
    .addColumn('key', text, column => column.notNull())
    .addColumn('state', text, column => column.notNull())
    .addColumn('destinations', text)
    .addColumn('digest', text)
    .addColumn('octets', integer)
    .addColumn('stored_at', integer)
    .addColumn('failures', integer, column => column.notNull())
    .addColumn('reason', text)
    .addColumn('retry_at', integer)
    .addColumn('absent_since', integer)
    .addColumn('absent_sessions', integer, column => column.notNull())
    .addColumn('recorded_at', integer, column => column.notNull())
    .addPrimaryKeyConstraint('collected_message_key', ['source', 'key']),
  // Of a hundred thousand records the few that wait for a person are found, and all are counted, from here alone.
  schema
    .createIndex('collected_state')
    .on('collected_message')
    .columns(['source', 'state', 'recorded_at', 'key']),
]
