// Group commit: all that waits goes into one transaction and so costs one fsync. Each operation stands in a savepoint, so
// that one which fails takes back only itself; if the commit fails, all of them do.
import { isRefusal, Refusal, type RefusalCode } from '../../../mail/errors.ts'
import { type Operation, Undone } from '../operation.ts'
import { beginOperation } from '../operations.ts'
import type { SqliteConnection } from './connection.ts'
import { refusalOf } from './errors.ts'

/** An operation as it waits for its turn. */
export interface Request {
  readonly id: number
  readonly name: string
  readonly argument: unknown
}

/** How it ended. A plain value, for it may cross to another thread. */
export type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly refusal: RefusalCode; readonly message: string }
  | { readonly id: number; readonly fault: unknown }

/** The connections an operation may speak to. */
export interface WriterFiles {
  readonly mail: SqliteConnection
  readonly leases: SqliteConnection
}

export class Batches {
  readonly #files: WriterFiles
  readonly #run: (sql: ControlStatement) => void

  constructor(files: WriterFiles) {
    this.#files = files
    const file = files.mail.file
    const prepared = new Map(controlStatements.map(sql => [sql, file.prepare(sql)]))
    this.#run = sql => prepared.get(sql)?.run()
  }

  /** Runs the operations in their order and answers when all that succeeded is on disk. Never throws. */
  run(requests: readonly Request[]): Answer[] {
    try {
      this.#run('begin immediate')
      const answers = requests.map(request => this.#runOne(request))
      this.#run('commit')
      return answers
    } catch (error) {
      if (this.#files.mail.file.inTransaction) this.#run('rollback')
      return requests.map(({ id }) => failure(id, error))
    }
  }

  close(): void {
    this.#files.mail.close()
    this.#files.leases.close()
  }

  #runOne({ id, name, argument }: Request): Answer {
    this.#run('savepoint operation')
    try {
      const result = runOperation(this.#files, beginOperation(name, argument))
      this.#run('release operation')
      return { id, result }
    } catch (error) {
      // A full disk may have rolled the whole transaction back already: then the batch has failed.
      if (!this.#files.mail.file.inTransaction) throw error
      this.#run('rollback to operation')
      this.#run('release operation')
      return error instanceof Undone ? { id, result: error.result } : failure(id, error)
    }
  }
}

const controlStatements = [
  'begin immediate',
  'commit',
  'rollback',
  'savepoint operation',
  'release operation',
  'rollback to operation',
] as const
type ControlStatement = (typeof controlStatements)[number]

function runOperation<R>(files: WriterFiles, operation: Operation<R>): R {
  let step = operation.next()
  while (!step.done) {
    const { statement, parameters } = step.value
    step = operation.next(files[statement.place].rows(statement, parameters))
  }
  return step.value
}

function failure(id: number, thrown: unknown): Answer {
  const error = refusalOf(thrown)
  if (isRefusal(error)) return { id, refusal: error.code, message: error.message }
  return { id, fault: error }
}

/** Settles the promise that waits for the answer. */
export function settle(answer: Answer, waiting: Waiting): void {
  if ('result' in answer) waiting.resolve(answer.result)
  else if ('refusal' in answer) waiting.reject(new Refusal(answer.refusal, answer.message))
  else waiting.reject(answer.fault instanceof Error ? answer.fault : new Error(String(answer.fault)))
}

export interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}
