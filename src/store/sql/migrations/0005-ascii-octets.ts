// What a message with UTF-8 in its header will have for clients that do not speak it. Null for all that is there already:
// those are sent as they are, as before (docs/languages.md).
import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Holds only the messages asked about: where there are none, asking costs nothing. */
const isDowngraded = sql<boolean>`ascii_octets is not null and expunged_at is null`

export const asciiOctets: Migration = (schema, { integer }) => [
  schema.alterTable('message').addColumn('ascii_octets', integer),
  schema
    .createIndex('message_ascii')
    .on('message')
    .columns(['account_id', 'mailbox_id', 'uid', 'ascii_octets', 'expunged_at'])
    .where(isDowngraded),
]
