// Frees, every few minutes, what was deleted longer ago than can be undone, and what was never finished.
import { createId } from './mail/id.ts'
import type { RecoveryStore } from './mail/recovery-store.ts'
import type { Log } from './net/log.ts'

export interface HousekeepingOptions {
  readonly store: RecoveryStore
  /** How long deleted messages are kept; asked anew each time. */
  readonly undeleteMs: () => number
  readonly log: Log
  /** Told after each cleaning. */
  readonly onFreed?: ((freed: { messages: number; contents: number }) => void) | undefined
  /** Default 10 minutes. */
  readonly everyMs?: number
}

export interface Housekeeping {
  /** Ends a cleaning that runs at its next step. Resolves when none runs any more. */
  stop(): Promise<void>
}

export function startHousekeeping(options: HousekeepingOptions): Housekeeping {
  const { store, undeleteMs, log, everyMs = 600_000 } = options
  const stopping = new AbortController()
  let running: Promise<void> | undefined

  async function clean(): Promise<void> {
    try {
      const freed = await store.clean(new Date(Date.now() - undeleteMs()), stopping.signal)
      options.onFreed?.(freed)
      if (freed.messages > 0 || freed.contents > 0) log.info(freed, 'freed what was deleted long ago')
    } catch (error) {
      // Nothing is lost by cleaning later.
      if (!stopping.signal.aborted) log.error({ err: error, fault: createId() }, 'cleaning failed')
    }
  }

  const timer = setInterval(() => {
    running ??= clean().finally(() => {
      running = undefined
    })
  }, everyMs)

  return {
    async stop() {
      clearInterval(timer)
      stopping.abort()
      await running
    },
  }
}
