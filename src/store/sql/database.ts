// What the ports need of a database driver. SQLite answers reads at once, a server would answer them later: `await` takes
// both.
import type { CommitListener } from '../../mail/store-load.ts'
import type { Operation } from './operation.ts'
import type { Parameters, Statement } from './statement.ts'

export type Awaitable<T> = T | Promise<T>

/** Runs single statements, each seeing what was committed when it began. */
export interface Connection {
  rows<P extends Parameters, R>(statement: Statement<P, R>, parameters: P): Awaitable<readonly R[]>
  row<P extends Parameters, R>(statement: Statement<P, R>, parameters: P): Awaitable<R | undefined>
}

/** Runs operations, each wholly or not at all. */
export interface Writer {
  /**
   * When the promise resolves, what the operation did is durable. The operation is one of operations.ts. `transfer`
   * lists memory in the argument that the caller gives away. Refuses with `store-full`, `store-busy`,
   * `store-closed`, and with whatever the operation refuses: then nothing was changed.
   */
  run<A, R>(
    operation: (argument: A) => Operation<R>,
    argument: A,
    transfer?: readonly ArrayBuffer[],
  ): Promise<R>

  /** Operations that were not answered yet. */
  readonly waiting: number
  /** For how many milliseconds none of them was answered; 0 while none waits. */
  readonly silenceMs: number
  onCommit: CommitListener | undefined

  /** Waits for what was begun, then lets go of the database. */
  close(): Promise<void>
}

export interface Database {
  readonly reader: Connection
  /** The leases, read and written at once, never durably. */
  readonly leases: Connection
  readonly writer: Writer
  readonly now: () => number
  /** What its files take on the disk. */
  readonly fileOctets: number
  /** What the database finds wrong with its own files; empty when all is well. */
  checkFiles(): Awaitable<readonly string[]>
  close(): Promise<void>
}
