// The SQLite file that holds the leases, apart from the mail because none of it needs to survive the machine: written
// on the event loop in microseconds, without a single fsync, and seen by every process of the office.
import { closeSync, openSync, rmSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import { isRefusal } from '../../../mail/errors.ts'
import { columnTypes, sqlite } from './dialect.ts'
import { openingRefusal, refusalOf } from './errors.ts'

/** Raised when a table changes: both are then begun anew, for they hold nothing that lasts. */
const version = 1

/**
 * Opens the leases for taking and breaking; a file that a power cut left damaged is begun anew. Refuses with `store-full`,
 * `store-busy`, `store-unusable`.
 */
export function openLeases(path: string): Sqlite.Database {
  try {
    return openOrRenew(path)
  } catch (error) {
    throw openingRefusal(path, error)
  }
}

function openOrRenew(path: string): Sqlite.Database {
  closeSync(openSync(path, 'a', 0o600))
  try {
    return tryOpen(path)
  } catch (error) {
    if (!isRefusal(refusalOf(error), 'store-unusable')) throw error
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
    return tryOpen(path)
  }
}

/** Opens the leases for looking at a fence. */
export function openLeasesForReading(path: string): Sqlite.Database {
  return new Sqlite(path, { readonly: true, fileMustExist: true, timeout: 1_000 })
}

function tryOpen(path: string): Sqlite.Database {
  const file = new Sqlite(path, { timeout: 1_000 })
  try {
    file.pragma('page_size = 1024')
    file.pragma('journal_mode = WAL')
    file.pragma('synchronous = OFF')
    file.transaction(() => makeTables(file)).immediate()
    return file
  } catch (error) {
    file.close()
    throw error
  }
}

function makeTables(file: Sqlite.Database): void {
  if (file.pragma('user_version', { simple: true }) !== version)
    for (const table of ['lease', 'source_lease']) file.exec(`drop table if exists ${table}`)
  const { text, integer, clustered } = columnTypes
  const lease = clustered(sqlite.schema.createTable('lease').ifNotExists())
    .addColumn('account_id', text, column => column.primaryKey())
    .addColumn('account_name', text, column => column.notNull())
    .addColumn('fence', integer, column => column.notNull())
    .addColumn('owner', text, column => column.notNull())
    .addColumn('session_id', text, column => column.notNull())
    .addColumn('peer', text, column => column.notNull())
    .addColumn('since', integer, column => column.notNull())
    .addColumn('expires_at', integer, column => column.notNull())
  // Came later than the first: files of this version without it are completed, so that no lease in them is lost.
  const sourceLease = clustered(sqlite.schema.createTable('source_lease').ifNotExists())
    .addColumn('source', text, column => column.primaryKey())
    .addColumn('fence', integer, column => column.notNull())
    .addColumn('owner', text, column => column.notNull())
    .addColumn('since', integer, column => column.notNull())
    .addColumn('expires_at', integer, column => column.notNull())
  for (const table of [lease, sourceLease]) file.exec(table.compile().sql)
  file.pragma(`user_version = ${version}`)
}
