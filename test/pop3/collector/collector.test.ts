// Many sources and one collector: how many at a time, by hand and by schedule, and what is given back however a run ends.
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { CollectionLedger } from '../../../src/mail/collection-ledger.ts'
import {
  type Collection,
  Collector,
  type CollectorOptions,
  type RunOptions,
} from '../../../src/pop3/collector/collector.ts'
import { DestinationError } from '../../../src/pop3/collector/destination.ts'
import type { CollectEvent } from '../../../src/pop3/collector/events.ts'
import { defaultPolicy } from '../../../src/pop3/collector/policy.ts'
import type { Source, SourceSession } from '../../../src/pop3/collector/source.ts'
import { newSource } from '../../../src/pop3/collector/source-state.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { KeepingDestination } from './collecting.ts'
import { ScriptedSource } from './scripted-source.ts'

const now = () => new Date('2026-11-20T12:00:00Z')
const identity = 'the mailbox of a'

class ClosingDestination extends KeepingDestination {
  closed = 0
  override async close(): Promise<void> {
    this.closed += 1
  }
}

/** An empty mailbox. */
const emptySession: SourceSession = {
  listing: async () => ({ messages: [], oddities: [] }),
  retrieve: async function* () {},
  headers: undefined,
  markDeleted: () => undefined,
  commit: async () => ({ state: 'committed', refused: [] }),
  [Symbol.asyncDispose]: async () => undefined,
}

const sourceOf = (name: string, open: Source['open'] = async () => emptySession): Source => ({
  name,
  identity: `the mailbox of ${name}`,
  open,
})

/** Opens when it is told to stop, by failing. */
const hang: Source['open'] = signal =>
  new Promise((_, reject) => {
    const stop = () => reject(new Error('stopped'))
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop)
  })

const collectionOf = (source: Source, more: Partial<Collection> = {}): Collection => ({
  source,
  openDestinations: () => [],
  policy: defaultPolicy,
  everyMs: 0,
  ...more,
})

function setUp(collections: readonly Collection[], more: Partial<CollectorOptions> = {}) {
  const ledger: CollectionLedger = createMemoryStore()
  const events: CollectEvent[] = []
  const faults: unknown[] = []
  const collector = new Collector({
    collections,
    ledger,
    // Never made: letters here are small.
    spoolFolder: '/nonexistent/spool',
    hostname: 'mail.example',
    atOnce: 4,
    onEvent: event => events.push(event),
    onFault: error => faults.push(error),
    now,
    ...more,
  })
  return {
    ledger,
    events,
    faults,
    collector,
    kinds: () => events.map(({ kind }) => kind),
    run: (options: Partial<RunOptions> = {}) =>
      collector.run({ signal: new AbortController().signal, ...options }),
    /** Takes the lease, and gives it back. */
    isFree: async (source: string) => {
      const lease = await ledger.leaseSource(source)
      await lease?.release()
      return lease !== undefined
    },
  }
}

const turn = () => new Promise<void>(resolve => setImmediate(resolve))

async function until(isSo: () => boolean): Promise<void> {
  for (let turns = 0; !isSo(); turns++) {
    if (turns > 20_000) throw new Error('it never came to that')
    await turn()
  }
}

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('many sources', () => {
  it('are asked so many at a time, and one that hangs keeps nothing but its place', async () => {
    const stopping = new AbortController()
    let open = 0
    let most = 0
    let finished = 0
    const sources = Array.from({ length: 200 }, (_, n) =>
      sourceOf(`s${n}`, async signal => {
        open += 1
        most = Math.max(most, open)
        try {
          if (n === 7) await hang(signal)
          await turn()
          return emptySession
        } finally {
          open -= 1
        }
      }),
    )
    const { run, events, isFree } = setUp(
      sources.map(source => collectionOf(source)),
      { atOnce: 20 },
    )
    const running = run({ signal: stopping.signal })
    await until(() => {
      finished = events.filter(({ kind }) => kind === 'finished').length
      return finished === 199
    })
    expect([most, open]).toEqual([20, 1])
    stopping.abort()
    const summaries = await running
    expect(summaries.map(({ source }) => source)).toEqual(sources.map(({ name }) => name))
    expect(summaries.filter(({ trouble }) => trouble).map(({ source }) => source)).toEqual(['s7'])
    expect(summaries[7]?.trouble).toMatchObject({ fault: 'aborted' })
    expect(await isFree('s7')).toBe(true)
  })

  it('are run one after the other where they are of one account, and keep others waiting for nothing', async () => {
    const ends: (() => void)[] = []
    const begun: string[] = []
    const shared = (name: string): Source => ({
      ...sourceOf(name, async () => {
        begun.push(name)
        await new Promise<void>(resolve => ends.push(resolve))
        return emptySession
      }),
      identity: 'pop3 ann@pop.example:995',
    })
    const { run, kinds, isFree } = setUp(
      [shared('a'), shared('b'), sourceOf('c')].map(source => collectionOf(source)),
      { atOnce: 2 },
    )
    const running = run()
    await until(() => kinds().includes('finished') && ends.length === 1)
    expect(begun).toEqual(['a'])
    // It has no place yet, so that it has no lease either.
    expect(await isFree('b')).toBe(true)
    ends[0]?.()
    await until(() => ends.length === 2)
    ends[1]?.()
    expect(begun).toEqual(['a', 'b'])
    expect((await running).map(({ trouble }) => trouble)).toEqual([undefined, undefined, undefined])
  })

  it('are leased when they have a place, and not before', async () => {
    const stopping = new AbortController()
    const { run, isFree, kinds } = setUp(
      ['a', 'b'].map(name => collectionOf(sourceOf(name, hang))),
      { atOnce: 1 },
    )
    const running = run({ signal: stopping.signal })
    await until(() => kinds().includes('started'))
    expect([await isFree('a'), await isFree('b')]).toEqual([false, true])
    stopping.abort()
    expect((await running).map(({ trouble }) => trouble?.fault)).toEqual(['aborted', 'aborted'])
    expect(kinds().filter(kind => kind === 'started')).toHaveLength(1)
  })

  it('that another collector is at keep no place', async () => {
    const { ledger, run, kinds } = setUp(
      ['a', 'b'].map(name => collectionOf(sourceOf(name))),
      { atOnce: 1 },
    )
    const other = await ledger.leaseSource('a')
    const running = run()
    await until(() => kinds().includes('finished'))
    await other?.release()
    expect((await running).map(({ trouble }) => trouble)).toEqual([undefined, undefined])
  })

  it('are run as they are chosen', async () => {
    const { run } = setUp(['a', 'b', 'c'].map(name => collectionOf(sourceOf(name))))
    expect((await run({ only: ['c', 'a'] })).map(({ source }) => source)).toEqual(['a', 'c'])
    expect(await run({ only: [] })).toEqual([])
  })

  it('suffer from no ledger that fails for one of them', async () => {
    const ledger = createMemoryStore()
    const failing: CollectionLedger = {
      ...ledger,
      findSource: async name => {
        if (name === 'a') throw new Error('a record cannot be read')
        return ledger.findSource(name)
      },
    }
    const { run } = setUp(
      ['a', 'b'].map(name => collectionOf(sourceOf(name))),
      { ledger: failing },
    )
    const [a, b] = await run()
    expect(a?.trouble).toMatchObject({ reason: 'a record cannot be read' })
    expect(b?.trouble).toBeUndefined()
  })
})

describe('a source that another collector is at', () => {
  it('is waited for by hand, and that is told once', async () => {
    const { ledger, run, kinds, isFree } = setUp([collectionOf(sourceOf('a'))])
    const other = await ledger.leaseSource('a')
    const running = run()
    await until(() => kinds().length > 0)
    expect(kinds()).toEqual(['waiting-for-lease'])
    await other?.release()
    expect(await running).toMatchObject([{ source: 'a', trouble: undefined }])
    expect(kinds().filter(kind => kind === 'waiting-for-lease')).toHaveLength(1)
    expect(await isFree('a')).toBe(true)
  })

  it('is waited for no longer than one is told to, and the others end as they are', async () => {
    const stopping = new AbortController()
    const { ledger, run, kinds } = setUp(['a', 'b'].map(name => collectionOf(sourceOf(name))))
    await ledger.leaseSource('a')
    const running = run({ signal: stopping.signal })
    await until(() => kinds().includes('finished'))
    stopping.abort()
    const [a, b] = await running
    expect(a?.trouble).toMatchObject({ fault: 'aborted' })
    expect(b?.trouble).toBeUndefined()
  })
})

describe('a source that is to be left alone', () => {
  it.each([
    ['paused', { paused: 'wrong password' }, 'wrong password'],
    ['not before', { notBefore: new Date('2026-11-20T12:00:01Z') }, 'not before 2026-11-20T12:00:01.000Z'],
  ])('is not run, but by force: %s', async (_, state, reason) => {
    const { ledger, run, kinds } = setUp([collectionOf(sourceOf('a'))])
    await ledger.saveSource({ ...newSource('a', identity), ...state })
    expect(await run()).toMatchObject([{ trouble: { fault: 'waiting', reason } }])
    expect(kinds()).toEqual([])
    expect(await run({ isForced: true })).toMatchObject([{ trouble: undefined }])
  })

  it('is run when its time has come', async () => {
    const { ledger, run } = setUp([collectionOf(sourceOf('a'))])
    await ledger.saveSource({ ...newSource('a', identity), notBefore: now() })
    expect(await run()).toMatchObject([{ trouble: undefined }])
  })
})

describe('however a run ends', () => {
  const failing = async () => {
    throw new Error('no route')
  }

  it.each([
    ['well', undefined],
    ['in trouble', failing],
  ] as const)('%s, destinations are closed and the lease is released', async (_, open) => {
    const destination = new ClosingDestination()
    const { run, isFree } = setUp([
      collectionOf(sourceOf('a', open), { openDestinations: () => [destination] }),
    ])
    const [summary] = await run()
    expect(summary?.trouble === undefined).toBe(open === undefined)
    expect(destination.closed).toBe(1)
    expect(await isFree('a')).toBe(true)
  })

  it('the lease is released when destinations cannot be closed', async () => {
    const [one, two, three] = [new ClosingDestination(), new ClosingDestination(), new ClosingDestination()]
    one.close = () => {
      throw new Error('cannot')
    }
    two.close = failing
    const { run, isFree } = setUp([
      collectionOf(sourceOf('a'), { openDestinations: () => [one, two, three] }),
    ])
    expect(await run()).toMatchObject([{ trouble: undefined }])
    expect(three.closed).toBe(1)
    expect(await isFree('a')).toBe(true)
  })

  it('a destination that cannot be opened is its trouble, is told, and is tried again later', async () => {
    const ends: unknown[] = []
    let isThere = false
    const { run, isFree, events, ledger } = setUp(
      [
        collectionOf(sourceOf('a'), {
          openDestinations: () => {
            if (isThere) return []
            throw new DestinationError('configuration', 'no such folder')
          },
        }),
      ],
      { onEnd: ({ trouble: why }, { failures }) => ends.push([why?.reason, failures]) },
    )
    await run({ isDryRun: true })
    expect(await ledger.findSource('a')).toBeUndefined()
    events.length = 0
    const trouble = { fault: 'destination-configuration', reason: 'no such folder', notBefore: undefined }
    expect(await run()).toMatchObject([{ source: 'a', trouble }])
    expect(events).toMatchObject([{ kind: 'finished', source: 'a', summary: { trouble } }])
    expect(await isFree('a')).toBe(true)
    expect(ends).toEqual([['no such folder', 1]])
    const state = await ledger.findSource('a')
    expect(state).toMatchObject({
      failures: 1,
      error: 'no such folder',
      lastRunAt: now(),
      lastSuccessAt: undefined,
    })
    expect(state?.notBefore?.getTime()).toBeGreaterThan(now().getTime())
    expect(await run()).toMatchObject([{ trouble: { fault: 'waiting' } }])
    isThere = true
    expect(await run({ isForced: true })).toMatchObject([{ trouble: undefined }])
    expect(await ledger.findSource('a')).toMatchObject({ failures: 0, error: undefined })
  })

  it('a destination that cannot be opened changes nothing of another mailbox that had the name', async () => {
    const { run, ledger } = setUp([
      collectionOf(sourceOf('a'), {
        openDestinations: () => {
          throw new DestinationError('configuration', 'no such folder')
        },
      }),
    ])
    await ledger.saveSource(newSource('a', 'another'))
    expect(await run()).toMatchObject([{ trouble: { reason: 'no such folder' } }])
    expect(await ledger.findSource('a')).toEqual(newSource('a', 'another'))
  })

  it('its end is told with what the ledger says since', async () => {
    const ends: unknown[] = []
    const { run } = setUp([collectionOf(sourceOf('a', failing))], {
      onEnd: ({ source, trouble }, { failures, error }) =>
        ends.push([source, trouble?.reason, failures, error]),
    })
    await run()
    expect(ends).toEqual([['a', 'no route', 1, 'no route']])
  })

  it('a dry run has taken nothing', async () => {
    const source = new ScriptedSource().put('one', 'two')
    const destination = new ClosingDestination()
    const collection = collectionOf(source, {
      openDestinations: () => [destination],
      policy: { ...defaultPolicy, keep: 'none' },
    })
    const { run, ledger, isFree } = setUp([collection])
    expect(await run({ isDryRun: true })).toMatchObject([{ listed: 2, fetched: 0, deleted: 0 }])
    expect([destination.texts, destination.closed, source.mails.length]).toEqual([[], 1, 2])
    expect([await ledger.findSource('old'), (await ledger.loadRecords('old')).size]).toEqual([undefined, 0])
    expect(await isFree('old')).toBe(true)
    expect(await run()).toMatchObject([{ fetched: 2, deleted: 2 }])
  })
})

describe('a schedule', () => {
  const minuteMs = 60_000

  function setUpSchedule(source: Source, everyMs: number, random: number) {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    vi.spyOn(Math, 'random').mockReturnValue(random)
    const set = setUp([collectionOf(source, { everyMs })])
    const runs = () => set.kinds().filter(kind => kind === 'started').length
    /** Lets time go by, and what it has begun come to its end. */
    const pass = async (ms: number) => {
      await vi.advanceTimersByTimeAsync(ms)
      for (let n = 0; n < 10; n++) await turn()
    }
    return { ...set, runs, pass }
  }

  it.each([
    [0.1, 1000, 50_400],
    [0.5, 5000, 60_000],
    [0.9, 9000, 69_600],
  ])('runs soon, and then every so often, give or take a fifth: %d', async (random, firstMs, thenMs) => {
    const { collector, runs, pass } = setUpSchedule(sourceOf('a'), minuteMs, random)
    collector.start()
    await pass(firstMs - 5)
    expect(runs()).toBe(0)
    await pass(10)
    expect(runs()).toBe(1)
    await pass(thenMs - 10)
    expect(runs()).toBe(1)
    await pass(20)
    expect(runs()).toBe(2)
    await pass(thenMs + 10)
    expect(runs()).toBe(3)
    await collector.stop()
  })

  it('of 0 never runs', async () => {
    const { collector, kinds, pass } = setUpSchedule(sourceOf('a'), 0, 0)
    collector.start()
    await pass(1000 * minuteMs)
    expect(kinds()).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('ends with stop: what runs, and what would', async () => {
    const { collector, runs, pass, events, isFree } = setUpSchedule(sourceOf('a', hang), minuteMs, 0)
    collector.start()
    await pass(1)
    expect([runs(), events.length]).toEqual([1, 1])
    await collector.stop()
    expect(events.at(-1)).toMatchObject({ kind: 'finished', summary: { trouble: { fault: 'aborted' } } })
    await pass(1000 * minuteMs)
    expect([runs(), vi.getTimerCount()]).toEqual([1, 0])
    expect(await isFree('a')).toBe(true)
  })

  it('stopped between two runs begins none', async () => {
    const { collector, runs, pass } = setUpSchedule(sourceOf('a'), minuteMs, 0)
    collector.start()
    await pass(1)
    await collector.stop()
    expect(vi.getTimerCount()).toBe(0)
    await pass(10 * minuteMs)
    expect(runs()).toBe(1)
  })

  it('does not begin a second run beside the first', async () => {
    const { collector, runs, pass } = setUpSchedule(sourceOf('a', hang), minuteMs, 0)
    collector.start()
    await pass(10 * minuteMs)
    expect(runs()).toBe(1)
    await collector.stop()
  })

  it('waits for no other collector, and tries again with its next turn', async () => {
    const { collector, ledger, runs, kinds, pass } = setUpSchedule(sourceOf('a'), minuteMs, 0)
    const other = await ledger.leaseSource('a')
    collector.start()
    await pass(1)
    expect(kinds()).toEqual([])
    await other?.release()
    await pass(48_001)
    expect(runs()).toBe(1)
    await collector.stop()
  })

  it('leaves a paused source alone until it is resumed', async () => {
    const { collector, ledger, runs, pass } = setUpSchedule(sourceOf('a'), minuteMs, 0)
    await ledger.saveSource({ ...newSource('a', identity), paused: 'wrong password' })
    collector.start()
    await pass(10 * minuteMs)
    expect(runs()).toBe(0)
    await ledger.saveSource(newSource('a', identity))
    await pass(48_001)
    expect(runs()).toBe(1)
    await collector.stop()
  })

  it('goes on when the ledger fails', async () => {
    const { collector, ledger, runs, pass, faults } = setUpSchedule(sourceOf('a'), minuteMs, 0)
    vi.spyOn(ledger, 'leaseSource').mockRejectedValueOnce(new Error('the disk is gone'))
    collector.start()
    await pass(1)
    expect([runs(), faults]).toEqual([0, [new Error('the disk is gone')]])
    await pass(48_001)
    expect(runs()).toBe(1)
    await collector.stop()
  })
})
