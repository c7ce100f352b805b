// What the office does by itself every few minutes: retention rules, freeing what was deleted longer ago than can be undone
// and what was never finished, forgetting old lines of the audit, warnings of quotas that run full.
import type { Housework } from './mail/housework.ts'
import { createId } from './mail/id.ts'
import type { Cleaning, RecoveryStore } from './mail/recovery-store.ts'
import type { RetentionRule } from './mail/retention.ts'
import type { RetentionStore } from './mail/retention-store.ts'
import type { Log } from './net/log.ts'

/** What holds now; asked anew each time, for a configuration may be read again. */
export interface HousekeepingRules {
  readonly retention: readonly RetentionRule[]
  /** How long deleted messages are kept. */
  readonly undeleteMs: number
  /** How long deletions are remembered. */
  readonly auditMs: number
}

export interface HousekeepingOptions {
  readonly store: RecoveryStore & RetentionStore
  readonly rules: () => HousekeepingRules
  /** Warns owners of full quotas; gives how many. Default: nobody is warned. */
  readonly warn?: (signal: AbortSignal) => Promise<number>
  readonly log: Log
  /** Told after each cleaning. */
  readonly onFreed?: ((freed: Cleaning) => void) | undefined
  /** Default 10 minutes. */
  readonly everyMs?: number
}

export interface Housekeeping {
  /** Ends what runs at its next step. Resolves when nothing runs any more. */
  stop(): Promise<void>
}

export function startHousekeeping(options: HousekeepingOptions): Housekeeping {
  const { log, everyMs = 600_000 } = options
  const stopping = new AbortController()
  let running: Promise<void> | undefined

  async function keepHouse(): Promise<void> {
    for (const [name, work] of Object.entries(tasks)) {
      if (stopping.signal.aborted) return
      try {
        await work(options, stopping.signal)
      } catch (error) {
        // Nothing is lost by doing it later, and the other tasks do not depend on it.
        if (!stopping.signal.aborted) log.error({ err: error, fault: createId() }, `${name} failed`)
      }
    }
  }

  const timer = setInterval(() => {
    running ??= keepHouse().finally(() => {
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

type Task = (options: HousekeepingOptions, signal: AbortSignal) => Promise<void>

/** In their order: what a rule removes is freed by a later pass. */
const tasks: Readonly<Record<string, Task>> = {
  async retention({ store, rules, log }, signal) {
    const done = await store.applyRetention(rules().retention, signal)
    if (done.messages > 0) log.info(figures(done), 'removed what the retention rules name')
  },

  async cleaning({ store, rules, log, onFreed }, signal) {
    const freed = await store.clean(new Date(Date.now() - rules().undeleteMs), signal)
    onFreed?.(freed)
    if (freed.messages > 0 || freed.contents > 0)
      log.info({ ...figures(freed), contents: freed.contents }, 'freed what was deleted long ago')
  },

  async forgetting({ store, rules, log }, signal) {
    const deletions = await store.pruneDeletions(new Date(Date.now() - rules().auditMs), signal)
    if (deletions > 0) log.info({ deletions }, 'forgot deletions of long ago')
  },

  async 'warning of quotas'({ warn, log }, signal) {
    const accounts = (await warn?.(signal)) ?? 0
    if (accounts > 0) log.info({ accounts }, 'warned of quotas that run full')
  },
}

function figures({ messages, steps, longestStepMs }: Housework) {
  return { messages, steps, longestStepMs: Math.round(longestStepMs * 10) / 10 }
}
