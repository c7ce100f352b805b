// The threads that check passwords, so that no hash ever runs on the event loop. They start with the first question, keep
// no process alive, and are replaced when they die.
import { Worker } from 'node:worker_threads'
import type { PasswordAnswer, PasswordQuestion } from './password-thread.ts'

/** A thread runs compiled code only: from the sources (under test) that is the last build's. */
const threadUrl = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/auth/password-thread.js' : './password-thread.js',
  import.meta.url,
)

/** For a thread that keeps nothing: V8 would let it gather garbage for megabytes. */
const resourceLimits = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 }

interface Waiting {
  readonly resolve: (matches: boolean) => void
  readonly reject: (error: Error) => void
}

/** One thread, which may live several times. */
class PasswordThread {
  readonly #url: URL
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #lastId = 0

  constructor(url: URL) {
    this.#url = url
  }

  get waiting(): number {
    return this.#waiting.size
  }

  ask(stored: string, passwords: readonly Uint8Array[]): Promise<boolean> {
    this.#worker ??= this.#start()
    const worker = this.#worker
    const id = ++this.#lastId
    worker.ref()
    return new Promise<boolean>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      worker.postMessage({ id, stored, passwords } satisfies PasswordQuestion)
    })
  }

  async close(): Promise<void> {
    await this.#worker?.terminate()
  }

  #start(): Worker {
    const worker = new Worker(this.#url, { execArgv: [], name: 'passwords', resourceLimits })
    worker.on('message', ({ id, matches }: PasswordAnswer) => {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (this.#waiting.size === 0) worker.unref()
      waiting?.resolve(matches)
    })
    let cause: unknown
    worker.on('error', error => {
      cause = error
    })
    worker.on('exit', () => {
      this.#worker = undefined
      const waiting = [...this.#waiting.values()]
      this.#waiting.clear()
      for (const { reject } of waiting)
        reject(new Error('the password thread stopped before it answered', { cause }))
    })
    return worker
  }
}

export class PasswordThreads {
  readonly #threads: readonly PasswordThread[]

  constructor(count: number, url: URL = threadUrl) {
    this.#threads = Array.from({ length: count }, () => new PasswordThread(url))
  }

  get count(): number {
    return this.#threads.length
  }

  /**
   * Whether one of the passwords belongs to the stored string, `$argon2id$...` or `{SCHEME}...`. Rejects, which is a
   * fault, when the thread dies meanwhile.
   */
  verify(stored: string, passwords: readonly Uint8Array[]): Promise<boolean> {
    const idlest = this.#threads.reduce((least, thread) => (thread.waiting < least.waiting ? thread : least))
    return idlest.ask(stored, passwords)
  }

  /** Ends the threads; what they were asked is rejected. Later questions start them again. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map(thread => thread.close()))
  }
}
