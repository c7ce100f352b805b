// Turns what the schema found wrong into sentences that name the line, the key, what is allowed, and the nearest key.
import type { z } from 'zod'
import { factsOf } from './key.ts'
import type { KeyLines, KeyPath } from './key-lines.ts'
import { configSchema } from './schema.ts'

/** One thing wrong with a configuration. */
export interface Mistake {
  /** 1-based; undefined where the mistake is nowhere in particular. */
  readonly line: number | undefined
  readonly text: string
}

type Table = z.core.$ZodObject['_zod']['def']['shape']

/** The mistakes behind the schema's issues, in order of their lines. */
export function mistakesOf(
  issues: readonly z.core.$ZodIssue[],
  document: unknown,
  lines: KeyLines,
): readonly Mistake[] {
  return issues
    .flatMap(issue => {
      const path = issue.path as KeyPath
      return issue.code === 'unrecognized_keys'
        ? issue.keys.map(name => ({ line: lines.lineOf([...path, name]), text: unknownKey(path, name) }))
        : [{ line: lines.lineOf(path), text: wrongValue(path, document) }]
    })
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
}

/** Places of dates in the document; no key takes one, yet to the schema a date looks like an empty table. */
export function datesIn(value: unknown, path: KeyPath = []): KeyPath[] {
  if (value instanceof Date) return [path]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, item]) =>
    datesIn(item, [...path, Array.isArray(value) ? Number(name) : name]),
  )
}

/** `autologout` in [pop3], as messages name it. */
export function keyName(path: KeyPath): string {
  const last = path.findLastIndex(part => typeof part === 'string')
  const key = `\`${path[last] ?? ''}\``
  return last > 0 ? `${key} in ${tableName(path.slice(0, last))}` : key
}

/** `[listen]`, `[[collect]]`: as its header is written. */
function tableName(path: KeyPath): string {
  const name = path.filter(part => typeof part === 'string').join('.')
  return typeof path.at(-1) === 'number' ? `[[${name}]]` : `[${name}]`
}

function wrongValue(path: KeyPath, document: unknown): string {
  const described = describedPart(path)
  let value = document
  let found = 'it'
  for (const [index, name] of path.entries()) {
    // What may be given without a list around it has no items.
    if (typeof value !== 'object' || value === null) break
    value = (value as Record<string | number, unknown>)[name]
    if (index < described.length) continue
    found = typeof name === 'number' ? `item ${name + 1}` : found === 'it' ? found : `\`${name}\` of ${found}`
  }
  return `${keyName(described)} must be ${takesAt(path)}; ${found} is ${shown(value)}`
}

/** The path up to the key that facts are known of: what is in the tables of a list is the list's. */
function describedPart(path: KeyPath): KeyPath {
  const length = path.findIndex((_name, index) => {
    const schema = schemaAt(path.slice(0, index + 1))
    return schema !== undefined && factsOf(schema) !== undefined
  })
  return length < 0 ? path : path.slice(0, length + 1)
}

function takesAt(path: KeyPath): string {
  const schema = schemaAt(path)
  const list = schema && itemOf(schema) ? `a list of tables, each written [[${path.join('.')}]]` : undefined
  return (schema && factsOf(schema)?.takes) ?? list ?? 'a table'
}

/** The schema of a key; that of a list serves for its items. */
function schemaAt(path: KeyPath): z.core.$ZodType | undefined {
  let schema: z.core.$ZodType | undefined = configSchema
  for (const name of path) {
    if (schema && factsOf(schema)) return schema
    schema = typeof name === 'number' ? itemOf(schema) : tableOf(schema)?.[name]
  }
  return schema
}

/** What a list is made of, where that is tables with keys that facts are known of. */
export function itemOf(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  const definition = schema?._zod.def as
    | { innerType?: z.core.$ZodType; element?: z.core.$ZodType }
    | undefined
  return definition?.element ?? (definition?.innerType && itemOf(definition.innerType))
}

/** The keys of a table's schema; undefined for a key's. */
export function tableOf(schema: z.core.$ZodType | undefined): Table | undefined {
  const definition = schema?._zod.def as { innerType?: z.core.$ZodType; shape?: Table } | undefined
  return definition?.shape ?? (definition?.innerType && tableOf(definition.innerType))
}

function unknownKey(path: KeyPath, name: string): string {
  const schema = schemaAt(path)
  const list = schema && factsOf(schema)
  // Tables in a list are no tables of keys with facts of their own.
  if (list) return `unknown key \`${printable(name)}\` in ${keyName(path)}, which is ${list.takes}`
  const known = Object.keys(tableOf(schema) ?? {})
  const nearest = nearestOf(name, known)
  const elsewhere = homeOf(name)
  const advice = nearest
    ? `; did you mean \`${nearest}\`?`
    : elsewhere
      ? `; it belongs ${elsewhere}`
      : `; known are ${known.map(key => `\`${key}\``).join(', ')}`
  const place = path.length > 0 ? ` in ${tableName(path)}` : ''
  return `unknown key \`${printable(name)}\`${place}${advice}`
}

/** Where a key of that name would be at home. */
function homeOf(name: string): string | undefined {
  for (const [table, schema] of Object.entries(configSchema.shape)) {
    if (table === name) return 'before the first table'
    if (Object.hasOwn(tableOf(schema) ?? {}, name)) return `in [${table}]`
    if (!factsOf(schema) && Object.hasOwn(tableOf(itemOf(schema)) ?? {}, name)) return `in [[${table}]]`
  }
  return undefined
}

/** The known name that differs least, if it differs in a third of its letters at most. */
function nearestOf(name: string, known: readonly string[]): string | undefined {
  const near = known
    .map(candidate => ({ candidate, distance: editDistance(name.toLowerCase(), candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, candidate.length / 3))
    .sort((a, b) => a.distance - b.distance)
  return near[0]?.candidate
}

/** Letters to insert, remove or replace to get from one text to the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (const [i, letter] of [...from.slice(0, 100)].entries()) {
    const next = [i + 1]
    for (let j = 0; j < to.length; j++) {
      const replaced = (row[j] ?? 0) + (to[j] === letter ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value instanceof Date) return 'a date'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a table'
  // Not JSON for numbers: TOML has inf and nan.
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value)
  const safe = withoutPassword(text)
  return printable(safe.length > 60 ? `${safe.slice(0, 60)}...` : safe)
}

/** What stands between name and host in a URL. */
function withoutPassword(text: string): string {
  return text.replace(/(:\/\/[^\s/@:]*:)\S*@/g, '$1****@')
}

function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?')
}
