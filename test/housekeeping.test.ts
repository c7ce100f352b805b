// When the store is cleaned, and what of it a failure stops.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { startHousekeeping } from '../src/housekeeping.ts'
import { noHousework } from '../src/mail/housework.ts'
import type { Cleaning } from '../src/mail/recovery-store.ts'
import type { Log } from '../src/net/log.ts'
import { createMemoryStore } from '../src/store/memory-store.ts'

afterEach(() => {
  vi.useRealTimers()
})

interface Call {
  readonly expungedBefore: Date
  readonly signal: AbortSignal | undefined
  finish(freed: Cleaning): void
  fail(error: Error): void
}

/** A store whose cleanings end when the test says so. */
function scriptedStore() {
  const calls: Call[] = []
  return {
    calls,
    clean: (expungedBefore: Date, signal?: AbortSignal) =>
      new Promise<Cleaning>((finish, fail) => {
        calls.push({ expungedBefore, signal, finish, fail })
      }),
  }
}

const nothing: Cleaning = { ...noHousework, contents: 0 }

/** A store in memory with the scripted cleaning in the place of its own. */
function storeWith(scripted: ReturnType<typeof scriptedStore>) {
  return { ...createMemoryStore(), clean: scripted.clean }
}

const rules = { retention: [], undeleteMs: 0, auditMs: 1000 }

function recordingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = []
  const record = (level: string) => (fields: object, text: string) =>
    void lines.push(`${level} ${text} ${Object.keys(fields).join(' ')}`)
  return { lines, debug: record('debug'), info: record('info'), warn: record('warn'), error: record('error') }
}

describe('housekeeping', () => {
  it('cleans every while, by the age in force then; one cleaning at a time', async () => {
    vi.useFakeTimers({ now: new Date('2026-11-20T12:00:00Z') })
    const store = scriptedStore()
    const log = recordingLog()
    let undeleteMs = 60_000
    const housekeeping = startHousekeeping({
      store: storeWith(store),
      rules: () => ({ ...rules, undeleteMs }),
      log,
      everyMs: 1000,
    })
    await vi.advanceTimersByTimeAsync(1000)
    expect(store.calls[0]?.expungedBefore).toEqual(new Date('2026-11-20T11:59:01Z'))
    await vi.advanceTimersByTimeAsync(5000)
    expect(store.calls).toHaveLength(1)

    undeleteMs = 0
    store.calls[0]?.finish({ messages: 2, contents: 1, steps: 1, largestStep: 2, longestStepMs: 0.5 })
    await vi.advanceTimersByTimeAsync(1000)
    expect(store.calls[1]?.expungedBefore).toEqual(new Date('2026-11-20T12:00:07Z'))
    expect(log.lines).toEqual(['info freed what was deleted long ago messages steps longestStepMs contents'])
    store.calls[1]?.finish(nothing)
    await housekeeping.stop()
    expect(log.lines).toHaveLength(1)
  })

  it('tries again after a failure, which it logs', async () => {
    vi.useFakeTimers()
    const store = scriptedStore()
    const log = recordingLog()
    const housekeeping = startHousekeeping({
      store: storeWith(store),
      rules: () => rules,
      log,
      everyMs: 1000,
    })
    await vi.advanceTimersByTimeAsync(1000)
    store.calls[0]?.fail(new Error('disk'))
    await vi.advanceTimersByTimeAsync(1000)
    expect(log.lines).toEqual(['error cleaning failed err fault'])
    expect(store.calls).toHaveLength(2)
    store.calls[1]?.finish(nothing)
    await housekeeping.stop()
  })

  it('stops a cleaning that runs, waits for it, and says nothing of it', async () => {
    vi.useFakeTimers()
    const store = scriptedStore()
    const log = recordingLog()
    const housekeeping = startHousekeeping({
      store: storeWith(store),
      rules: () => rules,
      log,
      everyMs: 1000,
    })
    await vi.advanceTimersByTimeAsync(1000)
    let stopped = false
    const stopping = housekeeping.stop().then(() => {
      stopped = true
    })
    await vi.advanceTimersByTimeAsync(5000)
    expect(store.calls[0]?.signal?.aborted).toBe(true)
    expect(stopped).toBe(false)
    store.calls[0]?.fail(new Error('aborted'))
    await stopping
    expect(store.calls).toHaveLength(1)
    expect(log.lines).toEqual([])
  })

  it('does every task, and the others when one fails', async () => {
    vi.useFakeTimers()
    const log = recordingLog()
    const store = createMemoryStore()
    const done: string[] = []
    const failing = async (name: string) => {
      done.push(name)
      throw new Error(name)
    }
    const housekeeping = startHousekeeping({
      store: {
        ...store,
        applyRetention: () => failing('retention'),
        clean: () => failing('clean'),
        pruneDeletions: () => failing('prune'),
      },
      rules: () => rules,
      warn: () => failing('warn'),
      log,
      everyMs: 1000,
    })
    await vi.advanceTimersByTimeAsync(1000)
    expect(done).toEqual(['retention', 'clean', 'prune', 'warn'])
    expect(log.lines.map(line => line.replace(/ err fault$/, ''))).toEqual([
      'error retention failed',
      'error cleaning failed',
      'error forgetting failed',
      'error warning of quotas failed',
    ])
    await housekeeping.stop()
    await store.close()
  })
})
