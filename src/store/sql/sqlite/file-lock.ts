// A lock between processes that the kernel releases when its holder ends: an exclusive transaction that is never
// finished. Such a lock would be lost if this process opened the file by other means and closed it again: nothing may.
import Sqlite from 'better-sqlite3'
import { openingRefusal } from './errors.ts'

/** Takes the lock and returns what gives it back; undefined when another holds it. Refuses with `store-full`, `store-unusable`. */
export function lockFile(path: string): (() => void) | undefined {
  const file = new Sqlite(path, { timeout: 0 })
  try {
    file.exec('begin exclusive')
    return () => file.close()
  } catch (error) {
    file.close()
    if (error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY')) return undefined
    throw openingRefusal(path, error)
  }
}
