// A column of many rows as one value, a JSON array: where a thousand rows are read of which each is small.
import { type RawBuilder, sql } from 'kysely'

/** The JSON text of an array whose elements are of type `T`. */
export type ColumnList<T> = string & { readonly of?: T }

/** For a select whose rows are aggregated into one, in their order. SQLite's name for it. */
export function listOf<T extends string | number | null>(column: string): RawBuilder<ColumnList<T>> {
  return sql<ColumnList<T>>`json_group_array(${sql.ref(column)})`
}

export function parseColumn<T>(list: ColumnList<T>): readonly T[] {
  return JSON.parse(list) as readonly T[]
}
