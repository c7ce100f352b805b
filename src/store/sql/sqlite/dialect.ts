// SQLite's part of the SQL: how Kysely compiles for it, and how its columns and tables are declared.
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, sql } from 'kysely'
import type { ColumnTypes } from '../migrations/migration.ts'
import type { Schema } from '../schema.ts'

/** Compiles; its driver does nothing. */
export const sqlite = new Kysely<Schema>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: db => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})

export const columnTypes: ColumnTypes = {
  text: sql`text`,
  integer: sql`integer`,
  octets: sql`blob`,
  clustered: table => table.modifyEnd(sql`without rowid`),
}
