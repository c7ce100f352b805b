// What SQLite's errors mean to the domain. Anything not in the table is a fault.
import Sqlite from 'better-sqlite3'
import { Refusal, type RefusalCode } from '../../../mail/errors.ts'

const refusals: readonly (readonly [prefix: string, RefusalCode, sentence: string])[] = [
  ['SQLITE_FULL', 'store-full', 'there is no room left on the disk'],
  ['SQLITE_IOERR_WRITE', 'store-full', 'the disk did not take the octets'],
  ['SQLITE_IOERR_SHMSIZE', 'store-full', 'the disk did not take the octets'],
  ['SQLITE_BUSY', 'store-busy', 'another process keeps the store locked'],
  ['SQLITE_LOCKED', 'store-busy', 'another process keeps the store locked'],
  ['SQLITE_NOTADB', 'store-unusable', 'the file is not a database'],
  ['SQLITE_CORRUPT', 'store-unusable', 'the file is damaged'],
  ['SQLITE_CANTOPEN', 'store-unusable', 'the file cannot be opened'],
  ['SQLITE_READONLY', 'store-unusable', 'the file cannot be written'],
]

/** The refusal an error of SQLite amounts to, or the error itself. */
export function refusalOf(error: unknown): unknown {
  if (error instanceof Sqlite.SqliteError) {
    const found = refusals.find(([prefix]) => error.code.startsWith(prefix))
    return found ? new Refusal(found[1], `${found[2]} (${error.message})`, { cause: error }) : error
  }
  // What the driver says of a connection that was closed.
  if (error instanceof TypeError && error.message.includes('connection is not open')) {
    return new Refusal('store-closed', 'the store is closed', { cause: error })
  }
  return error
}

/** What keeps a file from being opened, with its name; errors that are in no table too: an operator has to mend them. */
export function openingRefusal(path: string, error: unknown): unknown {
  const refusal = refusalOf(error)
  if (refusal instanceof Refusal)
    return new Refusal(refusal.code, `${path}: ${refusal.message}`, { cause: error })
  if (!(error instanceof Sqlite.SqliteError)) return error
  return new Refusal('store-unusable', `${path}: ${error.message} (${error.code})`, { cause: error })
}
