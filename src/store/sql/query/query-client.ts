// What a database that answers the owner's query must do; one file for each kind of database.

export type QueryRow = Readonly<Record<string, unknown>>

export interface QueryClient {
  /** The rows, two at most. `values` are bound to the placeholders in order. */
  rows(values: readonly string[]): Promise<readonly QueryRow[]>
  close(): Promise<void>
}

/** The database does not answer at all; everything else that is thrown is about the one query. */
export class DatabaseDown extends Error {
  override readonly name = 'DatabaseDown'
}
