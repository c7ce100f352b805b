// What guessing costs, and that nobody can make others pay for it.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { KnownPeers } from '../../src/auth/known-peers.ts'
import { Throttle, type ThrottleOptions } from '../../src/auth/throttle.ts'

const minute = 60_000
const day = 24 * 60 * minute

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

function throttleWith(options: ThrottleOptions = {}): Throttle {
  return new Throttle(options, Date.now)
}

/** How many milliseconds of the clock it takes. */
async function duration(work: Promise<unknown>): Promise<number> {
  const before = Date.now()
  let endedAt: number | undefined
  void work.then(() => {
    endedAt = Date.now()
  })
  await vi.advanceTimersByTimeAsync(20_000)
  vi.setSystemTime(before)
  if (endedAt === undefined) throw new Error('still waiting')
  return endedAt - before
}

async function failures(throttle: Throttle, count: number, peer: string, name: string): Promise<number[]> {
  const durations: number[] = []
  for (let i = 0; i < count; i++) {
    durations.push(await duration(throttle.fail(throttle.suspect(peer, name), 0)))
  }
  return durations
}

describe('the delay of a failure', () => {
  it('ends when nobody waits for the answer any more', async () => {
    const throttle = throttleWith({ freeFailures: 0, firstDelayMs: 10_000 })
    const leaving = new AbortController()
    const waiting = throttle.fail(throttle.suspect('192.0.2.1', 'ann'), 0, leaving.signal)
    const left = duration(waiting)
    leaving.abort()
    expect(await left).toBe(0)
    // Counted all the same, and not delayed again for whoever is gone already.
    expect(throttle.rank(throttle.suspect('192.0.2.1', 'ann'))).toBe(2)
    expect(await duration(throttle.fail(throttle.suspect('192.0.2.1', 'ann'), 0, leaving.signal))).toBe(0)
  })

  it('is none at first, then doubles up to a bound', async () => {
    expect(await failures(throttleWith(), 12, '192.0.2.1', 'ann')).toEqual([
      0, 0, 0, 250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000,
    ])
  })

  it.each([
    ['192.0.2.1', 'bob', 250, 'the same address, another account'],
    ['::ffff:192.0.2.1', 'bob', 250, 'the same address, mapped into IPv6'],
    ['192.0.2.2', 'ann', 250, 'another address, the same account'],
    ['192.0.2.2', 'bob', 0, 'neither'],
  ])('of %s as %s is %i ms (%s)', async (peer, name, expected) => {
    const throttle = throttleWith()
    await failures(throttle, 3, '192.0.2.1', 'ann')
    expect(await failures(throttle, 1, peer, name)).toEqual([expected])
  })

  it.each([
    ['2001:db8:0:1ff::2', 250, 'the same /56'],
    ['2001:db8:0:200::1', 0, 'another /56'],
  ])('counts IPv6 by /56: %s waits %i ms (%s)', async (peer, expected) => {
    const throttle = throttleWith()
    await failures(throttle, 3, '2001:db8:0:100::1', 'ann')
    expect(await failures(throttle, 1, peer, 'bob')).toEqual([expected])
  })

  it('is forgotten by and by', async () => {
    const throttle = throttleWith({ halfLifeMs: minute })
    await failures(throttle, 8, '192.0.2.1', 'ann')
    vi.setSystemTime(Date.now() + minute)
    expect(await failures(throttle, 1, '192.0.2.1', 'ann')).toEqual([500])
    vi.setSystemTime(Date.now() + 10 * minute)
    expect(await failures(throttle, 1, '192.0.2.1', 'ann')).toEqual([0])
  })

  it('counts attempts that name nobody by their address alone', async () => {
    const throttle = throttleWith()
    const nobody = (peer: string) => duration(throttle.fail(throttle.suspect(peer, undefined), 0))
    for (let i = 0; i < 3; i++) await nobody('192.0.2.1')
    expect(await nobody('192.0.2.1')).toBe(250)
    expect(await nobody('192.0.2.2')).toBe(0)
  })

  it('is less by what the check waited already', async () => {
    const throttle = throttleWith()
    await failures(throttle, 11, '192.0.2.1', 'ann')
    const suspect = throttle.suspect('192.0.2.1', 'ann')
    expect(await duration(throttle.admit(suspect))).toBe(15_000)
    expect(await duration(throttle.fail(suspect, 15_000))).toBe(0)
  })

  it('can be switched off', async () => {
    const throttle = throttleWith({ maxDelayMs: 0 })
    expect(new Set(await failures(throttle, 30, '192.0.2.1', 'ann'))).toEqual(new Set([0]))
  })
})

describe('admission', () => {
  it('waits once there were many failures', async () => {
    const throttle = throttleWith()
    const suspect = throttle.suspect('192.0.2.1', 'ann')
    await failures(throttle, 9, '192.0.2.1', 'ann')
    expect(await duration(throttle.admit(suspect))).toBe(0)
    await failures(throttle, 1, '192.0.2.1', 'ann')
    expect(await duration(throttle.admit(suspect))).toBe(15_000)
  })

  it('lets the owner in at home whatever strangers do, and knows no other account there', async () => {
    const throttle = throttleWith()
    throttle.succeed('192.0.2.1/32', 'ann')
    for (let i = 0; i < 40; i++) await failures(throttle, 1, `198.51.100.${i}`, 'ann')
    expect(await duration(throttle.admit(throttle.suspect('192.0.2.1', 'ann')))).toBe(0)
    expect(await duration(throttle.admit(throttle.suspect('192.0.2.9', 'ann')))).toBe(15_000)
    await failures(throttle, 40, '192.0.2.1', 'bob')
    expect(await duration(throttle.admit(throttle.suspect('192.0.2.1', 'ann')))).toBe(0)
    expect(await duration(throttle.admit(throttle.suspect('192.0.2.1', 'eve')))).toBe(15_000)
  })

  it('makes known peers wait for their own failures, until they come in', async () => {
    const throttle = throttleWith()
    const suspect = throttle.suspect('192.0.2.1', 'ann')
    throttle.succeed('192.0.2.1/32', 'ann')
    await failures(throttle, 12, '192.0.2.1', 'ann')
    expect(await duration(throttle.admit(suspect))).toBe(15_000)
    throttle.succeed('192.0.2.1/32', 'ann')
    expect(await duration(throttle.admit(suspect))).toBe(0)
  })

  it('refuses when too many wait, and takes others when those are through', async () => {
    const throttle = throttleWith({ maxDelayed: 2 })
    await failures(throttle, 12, '192.0.2.1', 'ann')
    const suspect = throttle.suspect('192.0.2.1', 'ann')
    const waiting = [throttle.admit(suspect), throttle.admit(suspect)]
    await expect(throttle.admit(suspect)).rejects.toMatchObject({ code: 'store-busy' })
    await vi.advanceTimersByTimeAsync(15_000)
    await Promise.all(waiting)
    expect(await duration(throttle.admit(suspect))).toBeGreaterThan(0)
  })

  it('ends when the office closes', async () => {
    const throttle = throttleWith()
    await failures(throttle, 12, '192.0.2.1', 'ann')
    const waiting = throttle.admit(throttle.suspect('192.0.2.1', 'ann'))
    throttle.close()
    await waiting
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the rank', () => {
  it('is lowest for known peers, then for those without failures', async () => {
    const throttle = throttleWith()
    throttle.succeed('192.0.2.1/32', 'ann')
    await failures(throttle, 2, '192.0.2.3', 'eve')
    expect(throttle.rank(throttle.suspect('192.0.2.1', 'ann'))).toBe(0)
    expect(throttle.rank(throttle.suspect('192.0.2.2', 'bob'))).toBe(1)
    expect(throttle.rank(throttle.suspect('192.0.2.3', 'bob'))).toBe(3)
    expect(throttle.rank(throttle.suspect('192.0.2.2', 'eve'))).toBe(3)
  })
})

describe('memory', () => {
  it('is bounded: the oldest count is forgotten first', async () => {
    const throttle = throttleWith({ maxCounts: 2 })
    await failures(throttle, 3, '192.0.2.1', 'ann')
    await failures(throttle, 1, '192.0.2.2', 'bob')
    expect(await failures(throttle, 1, '192.0.2.1', 'eve')).toEqual([250])
    await failures(throttle, 1, '192.0.2.2', 'x')
    await failures(throttle, 1, '192.0.2.3', 'y')
    expect(await failures(throttle, 1, '192.0.2.1', 'z')).toEqual([0])
  })

  it('keeps only the beginning of endless names', () => {
    const { accountKey } = throttleWith().suspect('192.0.2.1', 'x'.repeat(100_000))
    expect(accountKey?.length).toBeLessThan(300)
  })
})

describe('known peers', () => {
  it('are known for thirty days after their last login', () => {
    const known = new KnownPeers({}, Date.now)
    known.add('192.0.2.1/32', 'ann')
    vi.setSystemTime(Date.now() + 29 * day)
    expect(known.has('192.0.2.1/32', 'ann')).toBe(true)
    expect(known.has('192.0.2.1/32', 'bob')).toBe(false)
    vi.setSystemTime(Date.now() + day)
    expect(known.has('192.0.2.1/32', 'ann')).toBe(false)
  })

  it('are so many at most', () => {
    const known = new KnownPeers({ maxEntries: 2 }, Date.now)
    for (const name of ['ann', 'bob', 'eve']) known.add('192.0.2.1/32', name)
    expect(['ann', 'bob', 'eve'].map(name => known.has('192.0.2.1/32', name))).toEqual([false, true, true])
  })
})
