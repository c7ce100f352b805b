// Stands before a source that may be slow or down: so many ask at once, so many wait. While it is down, who comes is
// refused at once, but for one in a while who tries; so that a dead source holds nobody up. Says in the log, once, that
// it went and that it came back.
import { isRefusal, Refusal } from '../../mail/errors.ts'
import { reasonOf } from './failure-reason.ts'
import { type DirectoryLog, SourceDown } from './source.ts'

const concurrency = 16
const maxWaiting = 1000
/** How long after a failure nobody is let through. */
const pauseMs = 500

export class Gate {
  readonly #label: string
  readonly #log: DirectoryLog
  readonly #waiting: (() => void)[] = []
  #running = 0
  #isDown = false
  #pausedUntil = 0

  constructor(label: string, log: DirectoryLog) {
    this.#label = label
    this.#log = log
  }

  /** Refuses with `directory-unavailable` for everything that goes wrong; the log is told why. */
  async pass<T>(ask: () => Promise<T>): Promise<T> {
    await this.#enter()
    try {
      if (performance.now() < this.#pausedUntil) throw this.#refusal()
      const answer = await ask()
      this.#noteAnswer()
      return answer
    } catch (error) {
      throw isRefusal(error, 'directory-unavailable') ? error : this.#noteFailure(error)
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running -= 1
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < concurrency) {
      this.#running += 1
      return
    }
    if (this.#waiting.length >= maxWaiting) throw this.#refusal()
    await new Promise<void>(resolve => this.#waiting.push(resolve))
  }

  #noteAnswer(): void {
    if (this.#isDown) this.#log.info({ directory: this.#label }, 'the account directory answers again')
    this.#isDown = false
  }

  #noteFailure(error: unknown): Refusal {
    const fields = { directory: this.#label, reason: reasonOf(error) }
    if (!(error instanceof SourceDown)) {
      this.#log.error(fields, "the account directory's answer cannot be used")
    } else {
      if (!this.#isDown) this.#log.error(fields, 'the account directory does not answer')
      this.#isDown = true
      this.#pausedUntil = performance.now() + pauseMs
    }
    return this.#refusal()
  }

  /** Without a cause: what logs a refusal would log what the source said, too. */
  #refusal(): Refusal {
    return new Refusal('directory-unavailable', `the account directory ${this.#label} cannot be asked now`)
  }
}
