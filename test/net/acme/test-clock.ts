// A clock for renewals: pauses between questions to the CA pass at once, longer ones only when a test says so, and the
// time of day can be put forward.
import type { AcmeClock } from '../../../src/net/acme/acme.ts'

/** The shortest wait between two looks; everything shorter is a pause within one. */
const shortestWaitMs = 60_000
const pauseMs = 10

export class TestClock implements AcmeClock {
  #aheadMs = 0
  #waiting: { readonly ms: number; readonly end: () => void } | undefined
  #onWait: (() => void) | undefined

  now(): number {
    return Date.now() + this.#aheadMs
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const give = () => reject(signal.reason as Error)
      if (signal.aborted) give()
      signal.addEventListener('abort', give)
      const end = () => {
        signal.removeEventListener('abort', give)
        resolve()
      }
      if (ms < shortestWaitMs) {
        setTimeout(end, pauseMs)
        return
      }
      this.#waiting = { ms, end }
      this.#onWait?.()
    })
  }

  /** How long the office means to wait, in milliseconds, as soon as it has nothing else to do. */
  async untilWaiting(): Promise<number> {
    if (!this.#waiting) await new Promise<void>(resolve => (this.#onWait = resolve))
    this.#onWait = undefined
    return this.#waiting?.ms ?? 0
  }

  /** Lets the wait pass, or more time than that, and waits until the office waits anew; gives that wait. */
  async pass(ms?: number): Promise<number> {
    await this.untilWaiting()
    const waiting = this.#waiting
    this.#waiting = undefined
    this.#aheadMs += ms ?? waiting?.ms ?? 0
    waiting?.end()
    return this.untilWaiting()
  }
}
