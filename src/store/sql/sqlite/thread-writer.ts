// The writer of a server: a thread that owns the write connection, so that no fsync ever runs on the event loop. What one
// turn of the event loop asks for travels in one message.
import { Worker } from 'node:worker_threads'
import { Refusal } from '../../../mail/errors.ts'
import type { CommitListener } from '../../../mail/store-load.ts'
import type { Writer } from '../database.ts'
import type { Operation } from '../operation.ts'
import { type Request, settle, type Waiting } from './batch.ts'
import type { WriterOptions } from './writer-files.ts'
import type { Message, Written } from './writer-thread.ts'

/** A thread runs compiled code only: from the sources (under test) that is the last build's. */
const threadUrl = new URL(
  import.meta.url.endsWith('.ts')
    ? '../../../../dist/store/sql/sqlite/writer-thread.js'
    : './writer-thread.js',
  import.meta.url,
)

/** What it handles are octets outside of V8's heap; short-lived objects need no more room than this. */
const resourceLimits = { maxYoungGenerationSizeMb: 2 }

export class ThreadWriter implements Writer {
  onCommit: CommitListener | undefined
  readonly #options: WriterOptions
  readonly #url: URL
  readonly #waiting = new Map<number, Waiting>()
  #thread: Worker | undefined
  #requests: Request[] = []
  #transfer: ArrayBuffer[] = []
  #lastId = 0
  /** When an answer last came, or something began to wait. */
  #heardAtMs = 0
  #closed: Promise<void> | undefined

  constructor(options: WriterOptions, url: URL = threadUrl) {
    this.#options = options
    this.#url = url
    this.#thread = this.#start()
  }

  get waiting(): number {
    return this.#waiting.size
  }

  get silenceMs(): number {
    return this.#waiting.size === 0 ? 0 : performance.now() - this.#heardAtMs
  }

  run<A, R>(
    operation: (argument: A) => Operation<R>,
    argument: A,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<R> {
    if (this.#closed) return Promise.reject(new Refusal('store-closed', 'the store is closed'))
    if (this.#requests.length === 0) setImmediate(() => this.#flush())
    if (this.#waiting.size === 0) this.#heardAtMs = performance.now()
    const id = ++this.#lastId
    this.#requests.push({ id, name: operation.name, argument })
    for (const memory of transfer) this.#transfer.push(memory)
    return new Promise<R>((resolve, reject) => {
      this.#waiting.set(id, { resolve: result => resolve(result as R), reject })
    })
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#flush()
    const thread = this.#thread
    if (!thread) return
    const ended = new Promise<void>(resolve => thread.once('exit', () => resolve()))
    thread.postMessage('close' satisfies Message)
    await ended
  }

  #flush(): void {
    if (this.#requests.length === 0) return
    const requests = this.#requests
    const transfer = this.#transfer
    this.#requests = []
    this.#transfer = []
    // A thread that died is replaced by the first request after its death.
    this.#thread ??= this.#start()
    this.#thread.postMessage(requests satisfies Message, transfer)
  }

  #start(): Worker {
    const thread = new Worker(this.#url, { workerData: this.#options, execArgv: [], resourceLimits })
    thread.on('message', ({ answers, durationMs }: Written) => {
      this.#heardAtMs = performance.now()
      for (const answer of answers) {
        const waiting = this.#waiting.get(answer.id)
        this.#waiting.delete(answer.id)
        if (waiting) settle(answer, waiting)
      }
      this.onCommit?.(durationMs, answers.length)
    })
    let cause: unknown
    thread.on('error', error => {
      cause = error
    })
    thread.on('exit', () => {
      this.#thread = undefined
      this.#failAll(cause)
    })
    return thread
  }

  /** Nobody knows how these ended: a fault, not a refusal, which would promise that nothing happened. */
  #failAll(cause: unknown): void {
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    this.#requests = []
    this.#transfer = []
    for (const { reject } of waiting) {
      reject(new Error("the store's writer stopped before it answered", { cause }))
    }
  }
}
