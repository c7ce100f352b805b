// Tells a login under way that its session has ended. An AbortSignal would say the same, at several times the cost.
import type { Abandonment } from './login.ts'

export class LoginAbandonment implements Abandonment {
  aborted = false
  /** Only who waits listens, and most logins wait for nothing. */
  #listeners: Set<() => void> | undefined

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners ??= new Set()
    this.#listeners.add(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners?.delete(listener)
  }

  /** To be called once. */
  abort(): void {
    this.aborted = true
    for (const listener of this.#listeners ?? []) listener()
  }
}
