// The writer of one-shot commands: what one turn of the event loop asks for goes into one transaction, on this thread.
import { Refusal } from '../../../mail/errors.ts'
import type { CommitListener } from '../../../mail/store-load.ts'
import type { Writer } from '../database.ts'
import type { Operation } from '../operation.ts'
import { Batches, type Request, settle, type Waiting, type WriterFiles } from './batch.ts'

export class InlineWriter implements Writer {
  onCommit: CommitListener | undefined
  /** Whatever is answered late keeps this thread from asking. */
  readonly silenceMs = 0
  readonly #batches: Batches
  #requests: Request[] = []
  #waiting: Waiting[] = []
  #closed = false

  constructor(files: WriterFiles) {
    this.#batches = new Batches(files)
  }

  get waiting(): number {
    return this.#waiting.length
  }

  run<A, R>(operation: (argument: A) => Operation<R>, argument: A): Promise<R> {
    if (this.#closed) return Promise.reject(new Refusal('store-closed', 'the store is closed'))
    if (this.#requests.length === 0) setImmediate(() => this.#flush())
    this.#requests.push({ id: this.#requests.length, name: operation.name, argument })
    return new Promise<R>((resolve, reject) => {
      this.#waiting.push({ resolve: result => resolve(result as R), reject })
    })
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#flush()
    this.#batches.close()
  }

  #flush(): void {
    const waiting = this.#waiting
    const startedAtMs = performance.now()
    const answers = this.#requests.length === 0 ? [] : this.#batches.run(this.#requests)
    if (answers.length > 0) this.onCommit?.(performance.now() - startedAtMs, answers.length)
    this.#requests = []
    this.#waiting = []
    for (const answer of answers) {
      const one = waiting[answer.id]
      if (one) settle(answer, one)
    }
  }
}
