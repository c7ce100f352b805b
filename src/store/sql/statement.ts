// A statement is written once, with Kysely and named parameters, and compiled once for each dialect. Kysely never runs
// anything: a driver prepares the text, and binds by position what `compile` says.
import type { CompiledQuery, Kysely } from 'kysely'
import type { Schema } from './schema.ts'

export type Value = string | number | Uint8Array | null
export type Parameters = Readonly<Record<string, Value>>
export type Row = Readonly<Record<string, unknown>>

/** Which database of the dialect the statement speaks to: the mail, or the leases that lie apart. */
export type Place = 'mail' | 'leases'

export interface Statement<P extends Parameters = Parameters, R = Row> {
  readonly place: Place
  readonly build: (db: Kysely<Schema>, parameters: P) => Compilable<R>
}

export interface Compilable<R> {
  compile(): CompiledQuery<R>
}

/** What a driver prepares: the text, and for each position the name of a parameter or a constant. */
export interface CompiledStatement {
  readonly sql: string
  readonly bindings: readonly (Placeholder | Value)[]
}

/** Stands in the query where the value of a named parameter will be bound. */
export class Placeholder {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

/** Defines a statement on the mail: `statement<{ id: string }>()((db, p) => db.selectFrom(...).where('id', '=', p.id))`. */
export function statement<P extends Parameters>(place: Place = 'mail') {
  return <R>(build: (db: Kysely<Schema>, parameters: P) => Compilable<R>): Statement<P, R> => ({
    place,
    build,
  })
}

/** Every property is the placeholder of its name. */
const placeholders = new Proxy<Parameters>({}, { get: (_target, name) => new Placeholder(String(name)) })

export function compileStatement(
  db: Kysely<Schema>,
  { build }: Statement<never, unknown>,
): CompiledStatement {
  const { sql, parameters } = build(db, placeholders as never).compile()
  return { sql, bindings: parameters as CompiledStatement['bindings'] }
}

/** The values in the order of the text's positions. */
export function bind(bindings: CompiledStatement['bindings'], parameters: Parameters): Value[] {
  return bindings.map(binding => {
    if (!(binding instanceof Placeholder)) return binding
    const value = parameters[binding.name]
    if (value === undefined) throw new Error(`no value for the parameter ${binding.name}`)
    return value
  })
}
