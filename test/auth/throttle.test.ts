// What guessing costs, and that nobody can make others pay for it.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { KnownPeers } from '../../src/auth/known-peers.ts'
import { type Suspect, Throttle, type ThrottleOptions } from '../../src/auth/throttle.ts'

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

const range = '192.0.2.1/32'

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

/** Who claims to be `name`, an account of that name. */
function suspectOf(throttle: Throttle, peer: string, name: string): Suspect {
  return throttle.suspect(throttle.rangeOf(peer), name, name)
}

async function failures(throttle: Throttle, count: number, peer: string, name: string): Promise<number[]> {
  const durations: number[] = []
  for (let i = 0; i < count; i++) {
    durations.push(await duration(throttle.fail(suspectOf(throttle, peer, name), 0)))
  }
  return durations
}

describe('the delay of a failure', () => {
  it('ends when nobody waits for the answer any more', async () => {
    const throttle = throttleWith({ freeFailures: 0, firstDelayMs: 10_000 })
    const leaving = new AbortController()
    const waiting = throttle.fail(suspectOf(throttle, '192.0.2.1', 'ann'), 0, leaving.signal)
    const left = duration(waiting)
    leaving.abort()
    expect(await left).toBe(0)
    // Counted all the same, and not delayed again for whoever is gone already.
    expect(throttle.rank(suspectOf(throttle, '192.0.2.1', 'ann'))).toBe(2)
    expect(await duration(throttle.fail(suspectOf(throttle, '192.0.2.1', 'ann'), 0, leaving.signal))).toBe(0)
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
    const nobody = (peer: string) => duration(throttle.fail(throttle.suspect(throttle.rangeOf(peer)), 0))
    for (let i = 0; i < 3; i++) await nobody('192.0.2.1')
    expect(await nobody('192.0.2.1')).toBe(250)
    expect(await nobody('192.0.2.2')).toBe(0)
  })

  it('is less by what the check waited already', async () => {
    const throttle = throttleWith()
    await failures(throttle, 11, '192.0.2.1', 'ann')
    const suspect = suspectOf(throttle, '192.0.2.1', 'ann')
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
    const suspect = suspectOf(throttle, '192.0.2.1', 'ann')
    await failures(throttle, 9, '192.0.2.1', 'ann')
    expect(await duration(throttle.admit(suspect))).toBe(0)
    await failures(throttle, 1, '192.0.2.1', 'ann')
    expect(await duration(throttle.admit(suspect))).toBe(15_000)
  })

  it('lets the owner in at home whatever strangers do, and knows no other account there', async () => {
    const throttle = throttleWith()
    throttle.succeed('192.0.2.1/32', 'ann')
    for (let i = 0; i < 40; i++) await failures(throttle, 1, `198.51.100.${i}`, 'ann')
    expect(await duration(throttle.admit(suspectOf(throttle, '192.0.2.1', 'ann')))).toBe(0)
    expect(await duration(throttle.admit(suspectOf(throttle, '192.0.2.9', 'ann')))).toBe(15_000)
    await failures(throttle, 40, '192.0.2.1', 'bob')
    expect(await duration(throttle.admit(suspectOf(throttle, '192.0.2.1', 'ann')))).toBe(0)
    expect(await duration(throttle.admit(suspectOf(throttle, '192.0.2.1', 'eve')))).toBe(15_000)
  })

  it('makes known peers wait for their own failures, until they come in', async () => {
    const throttle = throttleWith()
    throttle.succeed('192.0.2.1/32', 'ann')
    const suspect = suspectOf(throttle, '192.0.2.1', 'ann')
    await failures(throttle, 12, '192.0.2.1', 'ann')
    expect(await duration(throttle.admit(suspect))).toBe(15_000)
    throttle.succeed('192.0.2.1/32', 'ann')
    expect(await duration(throttle.admit(suspect))).toBe(0)
  })

  it('refuses when too many wait, and takes others when those are through', async () => {
    const throttle = throttleWith({ maxDelayed: 2 })
    await failures(throttle, 12, '192.0.2.1', 'ann')
    const suspect = suspectOf(throttle, '192.0.2.1', 'ann')
    const waiting = [throttle.admit(suspect), throttle.admit(suspect)]
    await expect(throttle.admit(suspect)).rejects.toMatchObject({ code: 'store-busy' })
    await vi.advanceTimersByTimeAsync(30_000)
    await Promise.all(waiting)
    expect(await duration(throttle.admit(suspect))).toBeGreaterThan(0)
  })

  it.each<[before: boolean, why: string]>([
    [true, 'gone already'],
    [false, 'gone while it waits'],
  ])('refuses whom nobody waits for any more: %s (%s)', async before => {
    const throttle = throttleWith()
    await failures(throttle, 12, '192.0.2.1', 'ann')
    const leaving = new AbortController()
    if (before) leaving.abort()
    const waiting = throttle.admit(suspectOf(throttle, '192.0.2.1', 'ann'), leaving.signal)
    leaving.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'store-busy' })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('refuses them without a failure as well', async () => {
    const throttle = throttleWith()
    const admission = throttle.admit(suspectOf(throttle, '192.0.2.1', 'ann'), AbortSignal.abort())
    await expect(admission).rejects.toMatchObject({ code: 'store-busy' })
  })

  it('ends when the office closes', async () => {
    const throttle = throttleWith()
    await failures(throttle, 12, '192.0.2.1', 'ann')
    const suspect = suspectOf(throttle, '192.0.2.1', 'ann')
    const waiting = [throttle.admit(suspect), throttle.admit(suspect)]
    throttle.close()
    await Promise.all(waiting)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('turns', () => {
  /** How many attempts were admitted in each of so many times 15 seconds, and how many were refused. */
  async function admissions(attempts: readonly Promise<unknown>[], rounds: number) {
    const counts: number[] = []
    let [admitted, refused] = [0, 0]
    for (const attempt of attempts)
      attempt.then(
        () => (admitted += 1),
        () => (refused += 1),
      )
    for (let i = 0; i < rounds; i++) {
      const before = admitted
      await vi.advanceTimersByTimeAsync(15_000)
      counts.push(admitted - before)
    }
    return { counts, refused }
  }

  it.each<[why: string, peer: (i: number) => string, name: (i: number) => string]>([
    ['of one range', () => '192.0.2.1', i => `name ${i}`],
    ['at one account', i => `198.51.100.${i}`, () => 'ann'],
    ['of one range at one account', () => '192.0.2.1', () => 'ann'],
  ])('attempts %s take turns, and only so many wait for theirs', async (_why, peer, name) => {
    const throttle = throttleWith()
    await failures(throttle, 12, '192.0.2.1', 'ann')
    const attempts = Array.from({ length: 20 }, (_, i) =>
      throttle.admit(suspectOf(throttle, peer(i), name(i))),
    )
    expect(await admissions(attempts, 6)).toEqual({ counts: [1, 1, 1, 1, 1, 0], refused: 15 })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('known peers take too, for their own failures, and those of strangers are none of theirs', async () => {
    const throttle = throttleWith()
    throttle.succeed('192.0.2.1/32', 'ann')
    for (let i = 0; i < 12; i++) await failures(throttle, 1, `198.51.100.${i}`, 'ann')
    const strangers = [1, 2, 3].map(i => throttle.admit(suspectOf(throttle, `203.0.113.${i}`, 'ann')))
    const known = () => [1, 2, 3].map(() => throttle.admit(suspectOf(throttle, '192.0.2.1', 'ann')))
    await Promise.all(known())
    await admissions(strangers, 3)
    await failures(throttle, 12, '192.0.2.1', 'ann')
    expect(await admissions(known(), 3)).toEqual({ counts: [1, 1, 1], refused: 0 })
  })

  it('come to whoever has not failed before those who have', async () => {
    const throttle = throttleWith()
    for (let i = 0; i < 12; i++) await failures(throttle, 1, `198.51.100.${i}`, 'ann')
    const order: string[] = []
    const submit = (peer: string) =>
      throttle.admit(suspectOf(throttle, peer, 'ann')).then(
        () => order.push(peer),
        () => order.push(`not ${peer}`),
      )
    const all = [0, 1, 2, 3, 4, 5].map(i => submit(`198.51.100.${i}`))
    all.push(submit('192.0.2.1'))
    await vi.advanceTimersByTimeAsync(30_000)
    await vi.advanceTimersByTimeAsync(45_000)
    await Promise.all(all)
    expect(order).toEqual([
      'not 198.51.100.5',
      'not 198.51.100.4',
      '198.51.100.0',
      '192.0.2.1',
      '198.51.100.1',
      '198.51.100.2',
      '198.51.100.3',
    ])
  })

  it('pass on from whoever goes away', async () => {
    const throttle = throttleWith()
    await failures(throttle, 12, '192.0.2.1', 'ann')
    const leaving = new AbortController()
    const suspect = suspectOf(throttle, '192.0.2.1', 'ann')
    const [first, second] = [throttle.admit(suspect, leaving.signal), throttle.admit(suspect, leaving.signal)]
    const third = throttle.admit(suspect)
    leaving.abort()
    await expect(first).rejects.toMatchObject({ code: 'store-busy' })
    await expect(second).rejects.toMatchObject({ code: 'store-busy' })
    expect(await duration(third)).toBe(15_000)
  })
})

describe('the rank', () => {
  it('is lowest for known peers, then for those without failures', async () => {
    const throttle = throttleWith()
    throttle.succeed('192.0.2.1/32', 'ann')
    await failures(throttle, 2, '192.0.2.3', 'eve')
    expect(throttle.rank(suspectOf(throttle, '192.0.2.1', 'ann'))).toBe(0)
    expect(throttle.rank(suspectOf(throttle, '192.0.2.2', 'bob'))).toBe(1)
    expect(throttle.rank(suspectOf(throttle, '192.0.2.3', 'bob'))).toBe(3)
    expect(throttle.rank(suspectOf(throttle, '192.0.2.2', 'eve'))).toBe(3)
  })
})

describe('the reputation of an address', () => {
  it('is that of its range: known after a login as whomever, suspect after an attempt for some minutes', async () => {
    const throttle = throttleWith()
    expect(throttle.reputationOf('192.0.2.1')).toBe('stranger')
    await throttle.admit(suspectOf(throttle, '192.0.2.1', 'ann'))
    expect(throttle.reputationOf('192.0.2.1')).toBe('suspect')
    expect(throttle.reputationOf('192.0.2.2')).toBe('stranger')
    vi.setSystemTime(Date.now() + 6 * minute)
    expect(throttle.reputationOf('192.0.2.1')).toBe('stranger')
    throttle.succeed(throttle.rangeOf('2001:db8::1'), 'ann')
    await throttle.admit(suspectOf(throttle, '2001:db8::2', 'bob'))
    expect(throttle.reputationOf('2001:db8::2')).toBe('known')
    vi.setSystemTime(Date.now() + 30 * day)
    expect(throttle.reputationOf('2001:db8::2')).toBe('stranger')
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

  it('keeps nothing of names, for part of a text keeps the whole alive', () => {
    const throttle = throttleWith()
    const name = 'x'.repeat(100_000)
    const keys = [name, `${name}y`, 'ann'].map(each => throttle.suspect(range, each).accountKey)
    expect(new Set(keys.map(key => key?.length))).toEqual(new Set([44]))
    expect(new Set(keys).size).toBe(3)
  })
})

describe('known peers', () => {
  it('are known by the account, not by what it is called', async () => {
    const throttle = throttleWith()
    throttle.succeed('192.0.2.1/32', 'info@a.example')
    expect(throttle.mayKnow(range, ['info@b.example', 'info'])).toBe(false)
    expect(throttle.mayKnow(range, ['x', 'info@a.example'])).toBe(true)
    expect(throttle.rank(throttle.suspect(range, 'info', 'info@b.example'))).toBe(1)
    expect(throttle.rank(throttle.suspect(range, 'info', 'info@a.example'))).toBe(0)
    expect(throttle.rank(throttle.suspect(range, 'info'))).toBe(1)
  })

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
