// A configuration file with every key at its default, each with its meaning; for `poplar config example` and the docs.
import type { z } from 'zod'
import { tableOf } from './mistakes.ts'
import { configSchema, factsOf, type KeyFacts } from './schema.ts'

export interface DescribedKey extends KeyFacts {
  readonly name: string
}

/** A table of the configuration with its keys, in the schema's order; the first, without a name, is the document. */
export interface DescribedTable {
  readonly name: string | undefined
  readonly keys: readonly DescribedKey[]
}

export function describedTables(): readonly DescribedTable[] {
  const tables = Object.entries(configSchema.shape).filter(([, schema]) => tableOf(schema))
  return [
    { name: undefined, keys: keysOf(configSchema) },
    ...tables.map(([name, schema]) => ({ name, keys: keysOf(schema) })),
  ]
}

/** TOML text; parsing it gives the defaults, with the services of [listen] named. */
export function exampleConfig(): string {
  return describedTables()
    .map(({ name, keys }) => [name ? `[${name}]\n` : '', ...keys.map(key => exampleOf(name, key))].join(''))
    .join('\n')
}

function keysOf(schema: z.core.$ZodType): DescribedKey[] {
  return Object.entries(tableOf(schema) ?? {}).flatMap(([name, key]) => {
    const facts = factsOf(key)
    return facts ? [{ name, ...facts }] : []
  })
}

/**
 * A key whose default depends on something else is shown with an example, as a comment; but where services listen is
 * said, because naming none means serving none.
 */
function exampleOf(table: string | undefined, { name, description, byDefault }: DescribedKey): string {
  const comment = wrapped(description.replaceAll('`', ''))
  const value = 'value' in byDefault ? byDefault.value : byDefault.example
  const holds = 'value' in byDefault || table === 'listen'
  return `${comment}${holds ? '' : '# '}${name} = ${JSON.stringify(value)}\n`
}

/** Comment lines of 100 characters at most. */
function wrapped(text: string): string {
  const lines = ['#']
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? ''
    if (line.length + word.length < 100) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(`# ${word}`)
  }
  return lines.map(line => `${line}\n`).join('')
}
