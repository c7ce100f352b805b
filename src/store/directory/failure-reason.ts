// Why a source did not answer, for the log: a code and words of our own. What a database says itself may quote what it was
// asked for, and a name that somebody claims may be a password in the wrong place.
import { SourceDown } from './source.ts'

/** What codes mean that the owner can do something about: SQLSTATE or its class, SQLite's, ours. */
const meanings: Readonly<Record<string, string>> = {
  '22': 'the query cannot be done with these values',
  '28': 'the database does not let us in',
  '3D': 'there is no such database',
  '42': 'the query is wrong',
  '42501': 'the query asks for what we may not read',
  '42703': 'there is no such column',
  '42P01': 'there is no such table',
  '53': 'the database is short of something',
  '57014': 'timeout, the query took too long',
  SQLITE_CANTOPEN: 'the file cannot be opened',
  SQLITE_ERROR: 'the query is wrong, or asks for what is not there',
  SQLITE_NOTADB: 'the file is no database',
  'bad-name': 'the name in the answer cannot be an account',
}

/**
 * The code of an error, or of what caused it, and what that means. An error without a code is told in its own words where
 * they are ours or those of a client's library; of all others by its class alone.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { code } = error as { code?: unknown }
  if (typeof code === 'string' || typeof code === 'number') return withMeaning(`${code}`, error)
  if (error.cause !== undefined) return reasonOf(error.cause)
  return isPlain(error) ? error.message : error.constructor.name
}

function withMeaning(code: string, error: Error): string {
  const meaning = meanings[code] ?? (/^[\dA-Z]{5}$/.test(code) ? meanings[code.slice(0, 2)] : undefined)
  const told = isPlain(error) ? code : `${error.constructor.name} ${code}`
  return meaning === undefined ? told : `${meaning} (${told})`
}

function isPlain(error: Error): boolean {
  return error.constructor === Error || error instanceof SourceDown
}
