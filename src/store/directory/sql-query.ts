// Accounts from a SQL query of the owner's, over PostgreSQL or SQLite. Of the row that a name gives, `password` is a
// crypt string, `quota` octets, `disabled` a truth value, and `name` the account's own name where the query finds it by
// several; only the first is needed, the others may be null or not there.
import { parseAccountName } from '../../mail/account-name.ts'
import { type NumberedQuery, numberParameters } from '../sql/query/named-parameters.ts'
import { DatabaseDown, type QueryClient, type QueryRow } from '../sql/query/query-client.ts'
import { type AccountSource, SourceDown, type SourceEntry } from './source.ts'

export interface SqlQueryOptions {
  /** `postgres://...` or `sqlite:/path/of/the/file`. */
  readonly url: string
  /** One select, with `:name` (all of it), `:local` and `:domain` (empty where the name has none). */
  readonly query: string
}

const known = ['name', 'local', 'domain']
const maxPasswordLength = 4096

/** Throws when neither the URL nor the query's parameters are understood; connects later. */
export async function openSqlQuery({ url, query }: SqlQueryOptions): Promise<AccountSource> {
  const { label, client, numbered } = await openClient(url, query)
  return {
    label,
    async find(name) {
      const at = name.lastIndexOf('@')
      const values: Readonly<Record<string, string>> = {
        name,
        local: at === -1 ? name : name.slice(0, at),
        domain: at === -1 ? '' : name.slice(at + 1),
      }
      const rows = await rowsOf(
        client,
        numbered.parameters.map(parameter => values[parameter] ?? ''),
      )
      if (rows.length > 1) throw new Error('the query gave more than one row for one name')
      return rows[0] && entryOf(rows[0])
    },
    close: () => client.close(),
  }
}

interface OpenClient {
  readonly label: string
  readonly client: QueryClient
  readonly numbered: NumberedQuery
}

/** A driver is loaded by who needs it. */
async function openClient(url: string, query: string): Promise<OpenClient> {
  if (/^sqlite:/i.test(url)) {
    const { openSqliteQuery, sqlitePlaceholder } = await import('../sql/query/sqlite.ts')
    const numbered = numberParameters(query, known, sqlitePlaceholder)
    const file = url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '')
    return { label: `sqlite:${file}`, client: openSqliteQuery(file, numbered), numbered }
  }
  if (!/^postgres(ql)?:\/\//i.test(url))
    throw new Error('the url begins neither with postgres:// nor with sqlite:')
  const { openPostgresQuery, postgresPlaceholder } = await import('../sql/query/postgres.ts')
  const numbered = numberParameters(query, known, postgresPlaceholder)
  return { label: labelOf(url), client: openPostgresQuery(url, numbered), numbered }
}

/** Without user, password and options. */
function labelOf(url: string): string {
  try {
    const { host, pathname } = new URL(url)
    return `postgres://${host}${pathname}`
  } catch {
    return 'postgres:'
  }
}

async function rowsOf(client: QueryClient, values: readonly string[]): Promise<readonly QueryRow[]> {
  try {
    return await client.rows(values)
  } catch (error) {
    throw error instanceof DatabaseDown ? new SourceDown(error.message, { cause: error }) : error
  }
}

/** Throws for a value of the wrong kind, without quoting it. */
function entryOf(row: QueryRow): SourceEntry {
  const { name } = row
  if (name !== undefined && name !== null && typeof name !== 'string') throw new Error('name is no text')
  return {
    ...(name && { name: parseAccountName(name) }),
    passwordHash: passwordOf(row),
    quotaOctets: quotaOf(row['quota']),
    isDisabled: truthOf(row['disabled']),
  }
}

function passwordOf(row: QueryRow): string | undefined {
  if (!('password' in row)) throw new Error('the query gives no column called password')
  const password = row['password'] ?? ''
  if (typeof password !== 'string') throw new Error('password is no text')
  if (password.length > maxPasswordLength)
    throw new Error(`password has more than ${maxPasswordLength} characters`)
  return password || undefined
}

/** Drivers give large integers as text. */
function quotaOf(value: unknown): number | undefined {
  if (value === null || value === undefined) return undefined
  const octets = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  if (typeof octets === 'number' && Number.isSafeInteger(octets) && octets >= 0) return octets
  throw new Error('quota is no number of octets')
}

const truths: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  ...[null, undefined, false, 0, '', '0', 'f', 'n', 'no', 'false'].map(value => [value, false] as const),
  ...[true, 1, '1', 't', 'y', 'yes', 'true'].map(value => [value, true] as const),
])

function truthOf(value: unknown): boolean {
  const truth = truths.get(typeof value === 'string' ? value.toLowerCase() : value)
  if (truth === undefined) throw new Error('disabled is neither true nor false')
  return truth
}
