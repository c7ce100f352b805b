// Copies of the mail file while others write to it: the whole, by SQLite's online backup, or the rows of one account. Either
// is what the file was at one moment. A copy is one file, without a log beside it.
import Sqlite from 'better-sqlite3'
import type { AccountName } from '../../../mail/account.ts'
import { Refusal } from '../../../mail/errors.ts'
import { refusalOf } from './errors.ts'
import { openForReading, prepareMailFile, stateOfMailFile } from './mail-file.ts'

/** Pages copied between two looks at the signal: 8 MiB. */
const stepPages = 1024

export interface CopyOptions {
  readonly signal?: AbortSignal
  /** Is told how many pages there are in all, and how many are left. */
  readonly onProgress?: (totalPages: number, remainingPages: number) => void
}

/** Copies the whole file. Refuses as the database does: `store-full`, `store-unusable`, `store-busy`. */
export async function copyMailFile(source: string, target: string, options: CopyOptions = {}): Promise<void> {
  const { signal, onProgress } = options
  const file = openForReading(source)
  try {
    // While a transaction reads, what others write does not change what is copied; without it, every write of another
    // process would have the copy begin anew.
    file.exec('begin')
    file.prepare('select 1 from sqlite_schema').get()
    await file.backup(target, {
      progress({ totalPages, remainingPages }) {
        onProgress?.(totalPages, remainingPages)
        signal?.throwIfAborted()
        return stepPages
      },
    })
    file.exec('commit')
    leaveWalMode(target)
  } catch (error) {
    throw refusalOf(error)
  } finally {
    file.close()
  }
}

/** Copies what belongs to one account into a file of the same schema. Refuses also with `no-such-account`. */
export function copyAccount(source: string, target: string, name: AccountName): void {
  prepareMailFile(target)
  leaveWalMode(target)
  const file = new Sqlite(target)
  try {
    // Nothing of a file that is not finished is of use: there is nothing to roll back to.
    file.pragma('journal_mode = OFF')
    file.prepare('attach database ? as office').run(source)
    file.transaction(() => copyRows(file, name))()
    file.exec('detach database office')
    file.pragma('journal_mode = DELETE')
  } catch (error) {
    throw refusalOf(error)
  } finally {
    file.close()
  }
}

function copyRows(file: Sqlite.Database, name: AccountName): void {
  const id = file.prepare<[string], string>('select id from office.account where name = ?').pluck().get(name)
  if (id === undefined) throw new Refusal('no-such-account', `there is no account ${name}`)
  const tables = file
    .prepare<[], string>(
      `select name from main.sqlite_schema where type = 'table' and name not like 'sqlite_%'`,
    )
    .pluck()
    .all()
  for (const table of tables) {
    const columns = columnsOf(file, table)
    const condition = conditionFor(table, columns)
    if (condition === undefined) continue
    const list = columns.map(quoted).join(', ')
    file
      .prepare(
        `insert into main.${quoted(table)} (${list}) select ${list} from office.${quoted(table)} where ${condition}`,
      )
      .run(id)
  }
}

/** Which rows of a table are the account's; undefined when none can be. */
function conditionFor(table: string, columns: readonly string[]): string | undefined {
  const its = 'in (select content_id from office.message where account_id = ?)'
  if (table === 'account') return 'id = ?'
  if (table === 'content') return `id ${its}`
  if (table === 'content_chunk') return `content_id ${its}`
  return columns.includes('account_id') ? 'account_id = ?' : undefined
}

function columnsOf(file: Sqlite.Database, table: string): readonly string[] {
  return file.prepare<[string], string>('select name from pragma_table_info(?)').pluck().all(table)
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** What the file holds then lies in it alone, and it may be read where nothing can be written beside it. */
export function leaveWalMode(path: string): void {
  const file = new Sqlite(path, { fileMustExist: true, timeout: 5_000 })
  try {
    file.pragma('journal_mode = DELETE')
  } finally {
    file.close()
  }
}

/** What is wrong with a copy: damaged, none of Poplar's, or too new; undefined when it can be used. */
export function copyFault(path: string): string | undefined {
  try {
    stateOfMailFile(path)
    const file = openForReading(path)
    try {
      const findings = file.prepare<[], string>('pragma integrity_check(1)').pluck().all()
      return findings.find(finding => finding !== 'ok')
    } finally {
      file.close()
    }
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal instanceof Refusal) return refusal.message
    throw error
  }
}
