// When the office says that it is ready, and why it says that it is not.
import { describe, expect, it } from 'vitest'
import type { StoreLoad } from '../../src/mail/store-load.ts'
import { Readiness } from '../../src/metrics/readiness.ts'
import { silentLog } from '../../src/net/log.ts'

const calmStore: StoreLoad = {
  waitingWrites: 0,
  writerSilenceMs: 0,
  heldLocks: 0,
  fileOctets: 0,
  cacheOctets: 0,
  cacheHits: 0,
  cacheMisses: 0,
  onCommit: undefined,
}

function serving(options: Partial<ConstructorParameters<typeof Readiness>[0]> = {}): Readiness {
  const readiness = new Readiness({
    probe: async () => undefined,
    store: calmStore,
    log: silentLog,
    ...options,
  })
  readiness.phase = 'serving'
  return readiness
}

describe('readiness', () => {
  it('has no reason against it while all is well', async () => {
    expect(await serving().reasons()).toEqual([])
  })

  it.each([
    ['starting', 'the listeners are not open yet'],
    ['draining', 'the office is draining: it takes no new sessions'],
  ] as const)('is not there while %s', async (phase, reason) => {
    const readiness = serving()
    readiness.phase = phase
    expect(await readiness.reasons()).toEqual([reason])
  })

  it('tells that the store cannot be read, and not why', async () => {
    const readiness = serving({ probe: () => Promise.reject(new Error('/var/lib/secret')) })
    expect(await readiness.reasons()).toEqual(['the store cannot be read'])
  })

  it('waits for no store that does not answer', async () => {
    const readiness = serving({ probe: () => new Promise(() => undefined), probeMs: 5 })
    expect(await readiness.reasons()).toEqual(['the store does not answer'])
  })

  it.each([
    [15_000, [], 'a long transaction'],
    [16_000, ['the store has written nothing for 16 seconds, though something waits'], 'a disk that hangs'],
  ])('knows a writer that is silent for %d ms: %j', async (writerSilenceMs, reasons) => {
    expect(await serving({ store: { ...calmStore, writerSilenceMs } }).reasons()).toEqual(reasons)
  })

  it('asks the store once for all who ask meanwhile', async () => {
    let asked = 0
    const readiness = serving({
      probe: async () => {
        asked += 1
      },
    })
    await Promise.all([readiness.reasons(), readiness.reasons(), readiness.reasons()])
    expect(asked).toBe(1)
  })

  it('tells the log when it changes, and then no more', async () => {
    const told: string[] = []
    const tell = (_fields: object, text: string) => void told.push(text)
    const readiness = serving({ log: { debug() {}, info: tell, warn: tell, error: tell } })
    readiness.phase = 'draining'
    await readiness.reasons()
    await readiness.reasons()
    readiness.phase = 'serving'
    await readiness.reasons()
    await readiness.reasons()
    expect(told).toEqual(['not ready', 'ready again'])
  })
})
