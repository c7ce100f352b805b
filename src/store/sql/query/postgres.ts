// The owner's query over PostgreSQL: a small pool that opens connections as they are needed and forgets broken ones.
import pg from 'pg'
import type { NumberedQuery } from './named-parameters.ts'
import { DatabaseDown, type QueryClient, type QueryRow } from './query-client.ts'

const maxConnections = 4
const connectTimeoutMs = 3000
const statementTimeoutMs = 3000

export const postgresPlaceholder = (index: number): string => `$${index}`

/** `url` is a connection string, `postgres://user:password@host:port/database?sslmode=...`. Connects at the first query. */
export function openPostgresQuery(url: string, { text }: NumberedQuery): QueryClient {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'poplar',
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 500, // the server did not even say that it took too long
    idleTimeoutMillis: 30_000,
    keepAlive: true,
  })
  // An idle connection that breaks is no matter: the pool has dropped it when it says so.
  pool.on('error', () => {})

  return {
    async rows(values) {
      try {
        const { rows } = await pool.query<QueryRow>(text, [...values])
        return rows
      } catch (error) {
        throw isAboutTheQuery(error) ? error : new DatabaseDown(messageOf(error), { cause: error })
      }
    },
    close: () => pool.end(),
  }
}

/** Classes of SQLSTATE that say that the server cannot serve, whoever asks for what. */
const downClasses = /^(08|28|3D|53|57P|58|XX)/

/** Whether another query might well be answered. */
function isAboutTheQuery(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false
  return error.code !== undefined && !downClasses.test(error.code)
}

/** Of several addresses of one host, each with its own failure, the first is told. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0])
  return error instanceof Error ? error.message : 'unknown'
}
