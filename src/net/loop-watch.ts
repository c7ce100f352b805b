// How late and how busy the event loop is, for those who must decide at once what it can still take on. A timer runs only
// while somebody asks, and keeps no process alive.

export interface LoopLoad {
  /** How late a timer was just now, in milliseconds. */
  readonly lagMs: number
  /** The part of the last moment that was work, 0 to 1. */
  readonly utilization: number
}

const tickMs = 50
/** Ticks without a question after which nobody measures. */
const maxUnaskedTicks = 20

export class LoopWatch implements LoopLoad {
  #timer: NodeJS.Timeout | undefined
  #dueMs = 0
  #unaskedTicks = 0
  #lagMs = 0
  #utilization = 0
  #last = performance.eventLoopUtilization()

  get lagMs(): number {
    this.#ask()
    return this.#lagMs
  }

  get utilization(): number {
    this.#ask()
    return this.#utilization
  }

  #ask(): void {
    this.#unaskedTicks = 0
    if (this.#timer) return
    this.#last = performance.eventLoopUtilization()
    this.#arm()
  }

  #arm(): void {
    this.#dueMs = performance.now() + tickMs
    this.#timer = setTimeout(() => this.#tick(), tickMs)
    this.#timer.unref()
  }

  #tick(): void {
    this.#timer = undefined
    const current = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(current, this.#last)
    this.#last = current
    this.#unaskedTicks += 1
    if (this.#unaskedTicks >= maxUnaskedTicks) {
      this.#lagMs = 0
      this.#utilization = 0
      return
    }
    // One good tick between bad ones does not mean that all is well.
    this.#lagMs = Math.max(performance.now() - this.#dueMs, this.#lagMs / 2)
    this.#utilization = Math.max(utilization, this.#utilization / 2)
    this.#arm()
  }
}
