// A configuration file with every key at its default, each with its meaning; for `poplar config example` and the docs.
import type { z } from 'zod'
import { factsOf, type KeyDefault, type KeyFacts } from './key.ts'
import { itemOf, tableOf } from './mistakes.ts'
import { configSchema } from './schema.ts'

export interface DescribedKey extends KeyFacts {
  readonly name: string
}

/** A table of the configuration with its keys, in the schema's order; the first, without a name, is the document. */
export interface DescribedTable {
  readonly name: string | undefined
  /** Whether there may be several, each under `[[name]]`. */
  readonly isList: boolean
  readonly keys: readonly DescribedKey[]
}

export function describedTables(): readonly DescribedTable[] {
  const parts = Object.entries(configSchema.shape).filter(([, schema]) => !factsOf(schema))
  return [
    { name: undefined, isList: false, keys: keysOf(configSchema) },
    ...parts.map(([name, schema]) => {
      const item = itemOf(schema)
      return { name, isList: item !== undefined, keys: keysOf(item ?? schema) }
    }),
  ]
}

/** TOML text; parsing it gives the defaults, with the services of [listen] named. */
export function exampleConfig(): string {
  return describedTables()
    .map(({ name, isList, keys }) => {
      // A list with an item in it would not be the default.
      if (isList) return [`# [[${name}]]\n`, ...keys.map(key => exampleOf(key, '# '))].join('')
      return [name ? `[${name}]\n` : '', ...keys.map(key => exampleOf(key))].join('')
    })
    .join('\n')
}

function keysOf(schema: z.core.$ZodType): DescribedKey[] {
  return Object.entries(tableOf(schema) ?? {}).flatMap(([name, key]) => {
    const facts = factsOf(key)
    return facts ? [{ name, ...facts }] : []
  })
}

/** A key whose default depends on something else is shown with an example, mostly as a comment. */
function exampleOf({ name, description, byDefault }: DescribedKey, before?: '# '): string {
  const comment = wrapped(description.replaceAll('`', ''))
  const holds = 'value' in byDefault || ('isNamed' in byDefault && byDefault.isNamed)
  return `${comment}${before ?? (holds ? '' : '# ')}${name} = ${shown(byDefault)}\n`
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
