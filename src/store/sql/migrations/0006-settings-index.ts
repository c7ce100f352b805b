// The sixth schema: which settings accounts have of their own, found without reading those that have none.
import { sql } from 'kysely'
import type { Migration } from './migration.ts'

export const settingsIndex: Migration = schema => [
  schema
    .createIndex('account_settings')
    .on('account')
    .column('settings')
    .where(sql<boolean>`settings is not null`),
]
