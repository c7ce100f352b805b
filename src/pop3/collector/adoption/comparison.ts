// What a source lists, beside what is known of it: what would be fetched again, and which keys a program wrote otherwise.
import type { AdoptedSource } from './adopted.ts'
import type { KnownMessage } from './foreign.ts'

export interface Comparison {
  readonly listed: number
  /** Of them, those that are known. */
  readonly known: number
  /** Would be fetched, as far as the source gives them names. */
  readonly fresh: readonly string[]
  /** Listed without a name: nobody can know them. */
  readonly nameless: number
  /** Known, and no longer there. */
  readonly gone: number
}

/** `keys` as the source lists them; undefined where it gives a message none. */
export function compareListing(source: AdoptedSource, keys: readonly (string | undefined)[]): Comparison {
  const known = new Set(source.known.map(({ key }) => key))
  const listed = keys.filter(key => key !== undefined)
  const fresh = listed.filter(key => !known.has(key))
  return {
    listed: keys.length,
    known: listed.length - fresh.length,
    fresh,
    nameless: keys.length - listed.length,
    gone: known.size - (listed.length - fresh.length),
  }
}

/**
 * The source with keys as its server has them: where a program wrote `-` for `/`, a listed key is known by what was written,
 * unless that is itself a key of the server.
 */
export function unfoldedKeys(source: AdoptedSource, keys: readonly (string | undefined)[]): AdoptedSource {
  if (!source.hasFoldedSlashes) return source
  const listed = new Set(keys)
  const slashed = new Map(
    keys.flatMap(key => (key?.includes('/') ? [[key.replaceAll('/', '-'), key] as const] : [])),
  )
  const known = new Map<string, KnownMessage>()
  for (const message of source.known) {
    const meant = listed.has(message.key) ? undefined : slashed.get(message.key)
    const key = meant ?? message.key
    if (!known.has(key)) known.set(key, { ...message, key })
  }
  return { ...source, known: [...known.values()] }
}
