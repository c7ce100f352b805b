// One connection to one SQLite file: prepares each statement once and runs it at once.
import type Sqlite from 'better-sqlite3'
import type { Connection } from '../database.ts'
import {
  bind,
  type CompiledStatement,
  compileStatement,
  type Parameters,
  type Statement,
  type Value,
} from '../statement.ts'
import { sqlite } from './dialect.ts'
import { refusalOf } from './errors.ts'

interface Prepared {
  readonly bindings: CompiledStatement['bindings']
  /** Gives rows as arrays: as objects the driver makes them at twice the cost. */
  readonly run: Sqlite.Statement<Value[]>
  readonly columns: readonly string[]
}

export class SqliteConnection implements Connection {
  readonly file: Sqlite.Database
  readonly #prepared = new Map<unknown, Prepared>()

  constructor(file: Sqlite.Database) {
    this.file = file
  }

  rows<P extends Parameters, R>(statement: Statement<P, R>, parameters: P): readonly R[] {
    try {
      const { run, bindings, columns } = this.#prepare(statement)
      const values = bind(bindings, parameters)
      if (run.reader) return (run.all(...values) as Value[][]).map(row => rowOf<R>(columns, row))
      run.run(...values)
      return []
    } catch (error) {
      throw refusalOf(error)
    }
  }

  row<P extends Parameters, R>(statement: Statement<P, R>, parameters: P): R | undefined {
    try {
      const { run, bindings, columns } = this.#prepare(statement)
      const values = bind(bindings, parameters)
      // `get` leaves a statement at its first row, and then nothing tells that a change could not be committed.
      const row = (run.readonly ? run.get(...values) : run.all(...values)[0]) as Value[] | undefined
      return row && rowOf<R>(columns, row)
    } catch (error) {
      throw refusalOf(error)
    }
  }

  close(): void {
    this.file.close()
  }

  #prepare(statement: Statement<never, unknown>): Prepared {
    const known = this.#prepared.get(statement)
    if (known) return known
    const { sql, bindings } = compileStatement(sqlite, statement)
    const run = this.file.prepare<Value[]>(sql)
    const columns = run.reader
      ? run
          .raw()
          .columns()
          .map(({ name }) => name)
      : []
    const prepared = { bindings, run, columns }
    this.#prepared.set(statement, prepared)
    return prepared
  }
}

function rowOf<R>(columns: readonly string[], values: readonly Value[]): R {
  const row: Record<string, Value> = {}
  for (let index = 0; index < columns.length; index++) row[columns[index] ?? ''] = values[index] ?? null
  return row as R
}
