// The SQLite file that holds the mail: making it, knowing it for ours, bringing its schema up to date. A file that is
// not ours, damaged, or from a newer Poplar is refused and left as it is.
import { closeSync, openSync, statSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import { isRefusal, Refusal } from '../../../mail/errors.ts'
import { migrations } from '../migrations/migrations.ts'
import { columnTypes, sqlite } from './dialect.ts'
import { openingRefusal, refusalOf } from './errors.ts'

/** 'POPL', in the header of the file. */
const applicationId = 0x504f504c
/** docs/decisions/0001-octets-in-sqlite.md has the figures. */
const pageOctets = 8192
/** Pages written to the log before it is copied into the file: 16 MiB. */
const checkpointPages = 2048
const longestLogOctets = 64 * 1024 * 1024

export interface MailFileOptions {
  /** How long to wait while another process writes. */
  readonly busyTimeoutMs: number
  /** The file may grow to so many pages; beyond, it counts as a full disk. Default without limit. */
  readonly maxPages?: number
}

/** Makes the file if there is none, checks it, and migrates its schema. Refuses with `store-unusable`. */
export function prepareMailFile(path: string): void {
  // Made here so that it, and the log that takes its mode from it, are for its owner's eyes only.
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw unusable(path, 'it is a folder', 'Move it away')
  closeSync(openSync(path, 'a', 0o600))
  checkMailFile(path)
  const file = new Sqlite(path, { timeout: 10_000 })
  try {
    file.pragma(`page_size = ${pageOctets}`)
    file.pragma('journal_mode = WAL')
    file.pragma('synchronous = FULL')
    migrate(file, path)
  } catch (error) {
    throw named(path, error)
  } finally {
    file.close()
  }
}

/** The connection that writes. A commit returns when it is on disk. */
export function openForWriting(path: string, { busyTimeoutMs, maxPages }: MailFileOptions): Sqlite.Database {
  const file = new Sqlite(path, { fileMustExist: true, timeout: busyTimeoutMs })
  // In words: the driver is built with a weaker default for files in WAL mode.
  file.pragma('synchronous = FULL')
  file.pragma(`wal_autocheckpoint = ${checkpointPages}`)
  file.pragma(`journal_size_limit = ${longestLogOctets}`)
  file.pragma('temp_store = MEMORY')
  if (maxPages !== undefined) file.pragma(`max_page_count = ${maxPages}`)
  return file
}

/** The connection that reads, on the event loop. No mmap: an I/O error would then be a signal that ends the process. */
export function openForReading(path: string): Sqlite.Database {
  const file = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: 1_000 })
  file.pragma('temp_store = MEMORY')
  return file
}

/** The schema's version of a file that is one of Poplar's; refuses with `store-unusable` what is none, or too new. */
export function stateOfMailFile(path: string): number {
  const file = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: 10_000 })
  try {
    const { id, version } = stateOf(file)
    if (id !== applicationId) throw new Refusal('store-unusable', `${path} is no database of Poplar`)
    if (version > migrations.length) throw newer(path, version)
    return version
  } finally {
    file.close()
  }
}

/** The version a file has once it was prepared. */
export const currentVersion = migrations.length

/** Looks at the file without writing to it. */
function checkMailFile(path: string): void {
  let file: Sqlite.Database | undefined
  try {
    file = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: 10_000 })
    const { id, version, tables } = stateOf(file)
    if (id === applicationId) {
      if (version > migrations.length) throw newer(path, version)
      return
    }
    if (id !== 0 || tables > 0) {
      throw unusable(
        path,
        'it is a database, but not one of Poplar',
        'Move it away, or name another data folder',
      )
    }
  } catch (error) {
    throw named(path, error)
  } finally {
    file?.close()
  }
}

/** Under the write lock, so that two processes that start together migrate once. */
function migrate(file: Sqlite.Database, path: string): void {
  if (stateOf(file).version === migrations.length) return
  file
    .transaction(() => {
      const { version } = stateOf(file)
      if (version > migrations.length) throw newer(path, version)
      for (const migration of migrations.slice(version)) {
        for (const statement of migration(sqlite.schema, columnTypes)) file.exec(statement.compile().sql)
      }
      file.pragma(`application_id = ${applicationId}`)
      file.pragma(`user_version = ${migrations.length}`)
    })
    .immediate()
}

/** Reads a page of every table, so that a file which lost its end is found out at once. */
function stateOf(file: Sqlite.Database): { id: number; version: number; tables: number } {
  const tables = file
    .prepare<[], string>(`select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'`)
    .pluck()
    .all()
  for (const name of tables) file.prepare(`select 1 from "${name.replaceAll('"', '""')}" limit 1`).get()
  return {
    id: Number(file.pragma('application_id', { simple: true })),
    version: Number(file.pragma('user_version', { simple: true })),
    tables: tables.length,
  }
}

function newer(path: string, version: number): Refusal {
  return unusable(
    path,
    `it was written by a newer Poplar (schema version ${version}, this one knows ${migrations.length})`,
    'Run that Poplar, or name another data folder',
  )
}

function unusable(path: string, why: string, remedy: string): Refusal {
  return new Refusal('store-unusable', `${path} cannot be used: ${why}. It was left as it is. ${remedy}.`)
}

/** The refusal with the file's name in it. */
function named(path: string, error: unknown): unknown {
  const refusal = refusalOf(error)
  if (!isRefusal(refusal, 'store-unusable') || refusal === error) return openingRefusal(path, error)
  return unusable(
    path,
    refusal.message,
    'Put a backup in its place, or save what `sqlite3 FILE .recover` can read',
  )
}
