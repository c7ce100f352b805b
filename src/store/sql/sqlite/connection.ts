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
  readonly run: Sqlite.Statement<Value[]>
}

export class SqliteConnection implements Connection {
  readonly file: Sqlite.Database
  readonly #prepared = new Map<unknown, Prepared>()
  /** The same statements with rows as arrays. */
  readonly #preparedRaw = new Map<unknown, Prepared>()

  constructor(file: Sqlite.Database) {
    this.file = file
  }

  rows<P extends Parameters, R>(statement: Statement<P, R>, parameters: P): readonly R[] {
    try {
      const { run, bindings } = this.#prepare(statement)
      const values = bind(bindings, parameters)
      if (run.reader) return run.all(...values) as R[]
      run.run(...values)
      return []
    } catch (error) {
      throw refusalOf(error)
    }
  }

  row<P extends Parameters, R>(statement: Statement<P, R>, parameters: P): R | undefined {
    try {
      const { run, bindings } = this.#prepare(statement)
      return run.get(...bind(bindings, parameters)) as R | undefined
    } catch (error) {
      throw refusalOf(error)
    }
  }

  columns<P extends Parameters, R>(statement: Statement<P, R>, parameters: P): readonly Value[][] {
    try {
      const { run, bindings } = this.#prepare(statement, this.#preparedRaw)
      return run.raw().all(...bind(bindings, parameters)) as Value[][]
    } catch (error) {
      throw refusalOf(error)
    }
  }

  close(): void {
    this.file.close()
  }

  #prepare(statement: Statement<never, unknown>, cache = this.#prepared): Prepared {
    const known = cache.get(statement)
    if (known) return known
    const { sql, bindings } = compileStatement(sqlite, statement)
    const prepared = { bindings, run: this.file.prepare<Value[]>(sql) }
    cache.set(statement, prepared)
    return prepared
  }
}
