// The kinds of keys a configuration has: what each takes, in words and as a schema.
import { z } from 'zod'
import { domainFault } from '../mail/account-name.ts'
import { foldName } from '../mail/fold.ts'
import { parseNetwork } from '../mail/network.ts'
import { parseListenAddress } from '../net/listener.ts'
import { parseMilliseconds, parseOctets } from './quantities.ts'

/** What is known of a key besides its schema. */
export interface KeyFacts {
  /** Goes on after "must be". */
  readonly takes: string
  readonly description: string
  readonly byDefault: KeyDefault
}

/**
 * A value as TOML has it; or, where it depends on something else, words and a value to show; `toml` shows what is more
 * than a text or a list of texts.
 */
export type KeyDefault =
  | { readonly value: string | number | boolean | readonly string[] }
  | {
      readonly inWords: string
      readonly example: string | readonly string[]
      /** Whether a file of examples has it as it is, and not as a comment. */
      readonly isNamed?: boolean
    }
  | { readonly inWords: string; readonly toml: string }

const facts = z.registry<KeyFacts>()

/** The facts of a key's schema; undefined for a table's. */
export function factsOf(schema: z.core.$ZodType): KeyFacts | undefined {
  return facts.get(schema)
}

export function describe<S extends z.ZodType>(schema: S, about: KeyFacts): S {
  facts.add(schema, about)
  return schema
}

/** A text, or a number where `accepts` has numbers, that `parse` understands; it throws, or gives undefined, for all others. */
export function parsed<T>(
  parse: (text: string) => T | undefined,
  accepts: z.ZodType<string | number> = z.string(),
) {
  return accepts.transform((value, context) => {
    try {
      const result = parse(String(value))
      if (result !== undefined) return result
    } catch {
      // The one complaint below serves every reason.
    }
    context.addIssue({ code: 'custom', message: '' })
    return z.NEVER
  })
}

interface Limits {
  readonly min?: string
  readonly max?: string
  /** What 0 means, where it is allowed below `min`. */
  readonly zero?: string
}

function quantity(
  noun: string,
  parse: (text: string) => number,
  byDefault: string,
  description: string,
  { min, max, zero }: Limits,
) {
  const [least, most] = [min === undefined ? 0 : parse(min), max === undefined ? Infinity : parse(max)]
  const within = (text: string) => {
    const value = parse(text)
    return (value >= least && value <= most) || (value === 0 && zero !== undefined) ? value : undefined
  }
  const bounds = [min && `at least ${min}`, max && `at most ${max}`].filter(Boolean).join(' and ')
  const example = byDefault === '0' ? noun : `${noun} such as "${byDefault}"`
  return describe(parsed(within, z.union([z.string(), z.number()])).prefault(byDefault), {
    takes: [example, bounds, zero && `or "0": ${zero}`].filter(Boolean).join(', '),
    byDefault: { value: byDefault },
    description,
  })
}

export function duration(byDefault: string, description: string, limits: Limits = {}) {
  return quantity('a duration', parseMilliseconds, byDefault, description, limits)
}

export function size(byDefault: string, description: string, limits: Limits = {}) {
  return quantity('a size', parseOctets, byDefault, description, limits)
}

export function count(byDefault: number, min: number, max: number, description: string) {
  return describe(z.int().min(min).max(max).prefault(byDefault), {
    takes: `a whole number from ${min} to ${max}`,
    byDefault: { value: byDefault },
    description,
  })
}

export function choice<const T extends string>(
  choices: readonly T[],
  byDefault: NoInfer<T>,
  description: string,
) {
  return describe(z.literal(choices).default(byDefault), {
    takes: choices.map(text => `"${text}"`).join(' or '),
    byDefault: { value: byDefault },
    description,
  })
}

export function text(pattern: RegExp, byDefault: string, takes: string, description: string) {
  return describe(z.string().regex(pattern).prefault(byDefault), {
    takes,
    byDefault: { value: byDefault },
    description,
  })
}

export const domainName = parsed(text => (domainFault(foldName(text)) ? undefined : foldName(text)))
export const listenAddress = parsed(parseListenAddress)

/** `byDefault` is where it is served when the file has no such table. */
export function listeners(protocol: string, byDefault?: string, condition = '') {
  const schema = z
    .preprocess((value): unknown[] => (Array.isArray(value) ? value : [value]), z.array(listenAddress))
    .default([])
  return describe(schema, {
    takes: '"address:port", or a list of them; the address an IP address or localhost, IPv6 in brackets',
    byDefault: byDefault
      ? {
          inWords: `not served; \`"${byDefault}"\` where there is no \`[listen]\` at all${condition}`,
          example: byDefault,
          // Naming none would mean serving none.
          isNamed: condition === '',
        }
      : { inWords: 'not served', example: '192.0.2.1:1110' },
    description: `Where ${protocol} is served: \`"address:port"\`, or a list of them. Port 0 takes any free port.`,
  })
}

export function flag(byDefault: boolean, description: string) {
  return describe(z.boolean().prefault(byDefault), {
    takes: 'true or false',
    byDefault: { value: byDefault },
    description,
  })
}

/** The path of a file, or of nothing. */
export function path(example: string, description: string, inWords = 'none') {
  return describe(
    z
      .string()
      .regex(/^[^\0]+$/)
      .optional(),
    {
      takes: 'the path of a file',
      byDefault: { inWords, example },
      description,
    },
  )
}

/** A text that may be left out. */
export function optionalText(pattern: RegExp, takes: string, example: string, description: string) {
  return describe(z.string().regex(pattern).optional(), {
    takes,
    byDefault: { inWords: 'none', example },
    description,
  })
}

/** A URL of one of these schemes. */
export function url(schemes: readonly string[], example: string, description: string, inWords = 'none') {
  const schema = parsed(text => (schemes.includes(new URL(text).protocol.slice(0, -1)) ? text : undefined))
  return describe(schema.optional(), {
    takes: `a URL that begins with ${schemes.map(scheme => `${scheme}:`).join(' or ')}`,
    byDefault: { inWords, example },
    description,
  })
}

/** A list of words out of those known. */
export function choices<const T extends string>(
  known: readonly T[],
  byDefault: readonly NoInfer<T>[],
  description: string,
) {
  return describe(z.array(z.literal(known)).prefault([...byDefault]), {
    takes: `a list of ${known.map(text => `"${text}"`).join(', ')}`,
    byDefault: { value: byDefault },
    description,
  })
}

export const network = parsed(text => (parseNetwork(text) ? text : undefined))
