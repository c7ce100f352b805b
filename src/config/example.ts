// A configuration file with every key at its default, each with its meaning; for `poplar config example` and the docs.
import type { z } from 'zod'
import { factsOf, type KeyDefault, type KeyFacts } from './key.ts'
import { tableOf } from './mistakes.ts'
import { configSchema } from './schema.ts'

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
    .map(({ name, keys }) => [name ? `[${name}]\n` : '', ...keys.map(exampleOf)].join(''))
    .join('\n')
}

function keysOf(schema: z.core.$ZodType): DescribedKey[] {
  return Object.entries(tableOf(schema) ?? {}).flatMap(([name, key]) => {
    const facts = factsOf(key)
    return facts ? [{ name, ...facts }] : []
  })
}

/** A key whose default depends on something else is shown with an example, mostly as a comment. */
function exampleOf({ name, description, byDefault }: DescribedKey): string {
  const comment = wrapped(description.replaceAll('`', ''))
  const holds = 'value' in byDefault || ('isNamed' in byDefault && byDefault.isNamed)
  return `${comment}${holds ? '' : '# '}${name} = ${shown(byDefault)}\n`
}

function shown(byDefault: KeyDefault): string {
  if ('toml' in byDefault) return byDefault.toml
  return JSON.stringify('value' in byDefault ? byDefault.value : byDefault.example)
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
