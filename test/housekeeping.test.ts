// When the store is cleaned, and what of it a failure stops.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { startHousekeeping } from '../src/housekeeping.ts'
import type { Log } from '../src/net/log.ts'

afterEach(() => {
  vi.useRealTimers()
})

interface Call {
  readonly expungedBefore: Date
  readonly signal: AbortSignal | undefined
  finish(freed: { messages: number; contents: number }): void
  fail(error: Error): void
}

/** A store whose cleanings end when the test says so. */
function scriptedStore() {
  const calls: Call[] = []
  return {
    calls,
    clean: (expungedBefore: Date, signal?: AbortSignal) =>
      new Promise<{ messages: number; contents: number }>((finish, fail) => {
        calls.push({ expungedBefore, signal, finish, fail })
      }),
    undelete: async () => 0,
    countExpunged: async () => 0,
  }
}

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
    const housekeeping = startHousekeeping({ store, undeleteMs: () => undeleteMs, log, everyMs: 1000 })
    await vi.advanceTimersByTimeAsync(1000)
    expect(store.calls[0]?.expungedBefore).toEqual(new Date('2026-11-20T11:59:01Z'))
    await vi.advanceTimersByTimeAsync(5000)
    expect(store.calls).toHaveLength(1)

    undeleteMs = 0
    store.calls[0]?.finish({ messages: 2, contents: 1 })
    await vi.advanceTimersByTimeAsync(1000)
    expect(store.calls[1]?.expungedBefore).toEqual(new Date('2026-11-20T12:00:07Z'))
    expect(log.lines).toEqual(['info freed what was deleted long ago messages contents'])
    store.calls[1]?.finish({ messages: 0, contents: 0 })
    await housekeeping.stop()
    expect(log.lines).toHaveLength(1)
  })

  it('tries again after a failure, which it logs', async () => {
    vi.useFakeTimers()
    const store = scriptedStore()
    const log = recordingLog()
    const housekeeping = startHousekeeping({ store, undeleteMs: () => 0, log, everyMs: 1000 })
    await vi.advanceTimersByTimeAsync(1000)
    store.calls[0]?.fail(new Error('disk'))
    await vi.advanceTimersByTimeAsync(1000)
    expect(log.lines).toEqual(['error cleaning failed err fault'])
    expect(store.calls).toHaveLength(2)
    store.calls[1]?.finish({ messages: 0, contents: 0 })
    await housekeeping.stop()
  })

  it('stops a cleaning that runs, waits for it, and says nothing of it', async () => {
    vi.useFakeTimers()
    const store = scriptedStore()
    const log = recordingLog()
    const housekeeping = startHousekeeping({ store, undeleteMs: () => 0, log, everyMs: 1000 })
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
})
