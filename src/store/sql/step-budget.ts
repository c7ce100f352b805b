// How much one step of housekeeping may do: others who write wait for it, so it ends by its count or its time, whichever
// comes first, and the next step goes on.

/** Messages of one step. */
export const stepMessages = 200
/** Well below the 20 ms that nobody is to wait longer than: the commit comes on top. */
const stepMs = 4

/** What a step reports. */
export interface StepReport {
  readonly messages: number
  readonly tookMs: number
  /** More of what was asked for may be there. */
  readonly more: boolean
}

export class StepBudget {
  readonly #begun = performance.now()
  #messages = 0

  get messages(): number {
    return this.#messages
  }

  /** Whether one more message may be dealt with; the first always may. */
  take(): boolean {
    if (this.#messages > 0 && (this.#messages >= stepMessages || performance.now() - this.#begun >= stepMs))
      return false
    this.#messages += 1
    return true
  }

  /** `found`: how many there were to deal with, of at most `stepMessages`. */
  report(found: number): StepReport {
    const messages = this.#messages
    const more = messages < found || found >= stepMessages
    return { messages, tookMs: performance.now() - this.#begun, more }
  }
}
