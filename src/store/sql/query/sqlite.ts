// The owner's query over an SQLite file, which is only read. A lookup runs on the event loop: it takes microseconds where
// the column has an index. A file that is put in the place of the old one is noticed at the next query.
import { stat } from 'node:fs/promises'
import Sqlite from 'better-sqlite3'
import type { NumberedQuery } from './named-parameters.ts'
import { DatabaseDown, type QueryClient, type QueryRow } from './query-client.ts'

/** The event loop stands still while another process keeps the file locked. */
const busyTimeoutMs = 50

export const sqlitePlaceholder = (): string => '?'

interface OpenFile {
  readonly identity: string
  readonly database: Sqlite.Database
  readonly statement: Sqlite.Statement<string[], QueryRow>
}

/** Opens the file at the first query. */
export function openSqliteQuery(file: string, { text }: NumberedQuery): QueryClient {
  let current: OpenFile | undefined

  async function opened(): Promise<OpenFile> {
    const identity = await identityOf(file)
    if (current?.identity === identity) return current
    current?.database.close()
    current = undefined
    const database = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs })
    try {
      current = { identity, database, statement: database.prepare<string[], QueryRow>(text) }
      return current
    } catch (error) {
      database.close()
      throw error
    }
  }

  return {
    async rows(values) {
      try {
        const { statement } = await opened()
        return statement.all(...values)
      } catch (error) {
        throw isAboutTheFile(error) ? new DatabaseDown(error.message, { cause: error }) : error
      }
    },
    async close() {
      current?.database.close()
      current = undefined
    },
  }
}

async function identityOf(file: string): Promise<string> {
  const { dev, ino } = await stat(file)
  return `${dev} ${ino}`
}

/** No such file, no database, damaged, locked: not SQLite's plain errors of a statement. */
function isAboutTheFile(error: unknown): error is Error {
  if (error instanceof Sqlite.SqliteError) return error.code !== 'SQLITE_ERROR'
  return error instanceof Error && 'syscall' in error
}
