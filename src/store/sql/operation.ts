// An operation is a change of the store, written once as a generator: it yields statements and receives their rows. A
// driver runs it inside a transaction, at once (SQLite) or waiting for a server, and may run it again from the start.
import type { Parameters, Row, Statement } from './statement.ts'

export interface Step {
  readonly statement: Statement
  readonly parameters: Parameters
}

export type Operation<Result> = Generator<Step, Result, readonly Row[]>

/** The rows of a statement, as a step of an operation. */
export function* rows<P extends Parameters, R>(
  statement: Statement<P, R>,
  parameters: P,
): Operation<readonly R[]> {
  return (yield { statement: statement as unknown as Statement, parameters }) as readonly R[]
}

/** The first row, or undefined. */
export function* row<P extends Parameters, R>(
  statement: Statement<P, R>,
  parameters: P,
): Operation<R | undefined> {
  return (yield { statement: statement as unknown as Statement, parameters })[0] as R | undefined
}

/** Thrown by an operation to take back what it did and yet answer with a value. */
export class Undone extends Error {
  readonly result: unknown

  constructor(result: unknown) {
    super('the operation took itself back')
    this.result = result
  }
}
