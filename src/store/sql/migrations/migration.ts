// A migration is a list of statements, written once for every dialect. Its place in migrations.ts is its version.
import type { CreateTableBuilder, Expression, SchemaModule } from 'kysely'

export interface ColumnTypes {
  /** Compared by code points, never by a locale. */
  readonly text: Expression<unknown>
  /** 53 bits at least. */
  readonly integer: Expression<unknown>
  readonly octets: Expression<unknown>
  /** Stores the rows in the order of the primary key, where the database can. */
  readonly clustered: <T extends string>(table: CreateTableBuilder<T>) => CreateTableBuilder<T>
}

export type Migration = (
  schema: SchemaModule,
  types: ColumnTypes,
) => readonly { compile(): { sql: string } }[]
