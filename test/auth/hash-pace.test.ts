// Whoever is refused waits as long as the dearest hash takes, less what his own took.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { HashPace, type VerifiedHash } from '../../src/auth/hash-pace.ts'

const bcrypt = (salt: string, cost = '12') => `{BLF-CRYPT}$2y$${cost}$${salt.repeat(22)}`
const dayMs = 86_400_000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** For how long it lasts, in whole milliseconds. */
async function lasting(work: Promise<void>): Promise<number> {
  const began = performance.now()
  let ended: number | undefined
  void work.then(() => {
    ended = performance.now()
  })
  for (let ms = 0; ms < 2000 && ended === undefined; ms++) await vi.advanceTimersByTimeAsync(1)
  return Math.max(0, Math.round((ended ?? Number.NaN) - began - 1))
}

describe('the pace of hashes', () => {
  const seen = [
    { stored: bcrypt('a'), durationMs: 500, spellings: 1 },
    { stored: '{SHA512-CRYPT}$6$rounds=5000$salt$x', durationMs: 8, spellings: 1 },
    { stored: '{PLAIN}x', durationMs: 900, spellings: 1 }, // held up by something
    { stored: '{PLAIN}y', durationMs: 1, spellings: 1 },
    { stored: '{PLAIN}z', durationMs: 1, spellings: 1 },
  ]
  it.each<[VerifiedHash | undefined, number, number, string]>([
    [undefined, 1, 500, 'over no hash, or one of our cost'],
    [undefined, 2, 1000, 'two spellings of the password'],
    [
      { stored: bcrypt('b'), durationMs: 450, spellings: 1 },
      1,
      0,
      'over the dearest kind, with another salt',
    ],
    [
      { stored: bcrypt('b', '04'), durationMs: 4, spellings: 1 },
      1,
      496,
      'over a cheaper one of the same scheme',
    ],
    [{ stored: '$6$salt$x', durationMs: 20, spellings: 1 }, 1, 480, 'over a bare one'],
    [{ stored: '{PLAIN}x', durationMs: 600, spellings: 1 }, 1, 0, 'over one that took longer'],
  ])('%j, %d spellings: %d ms, %s', async (own, spellings, expected) => {
    const pace = new HashPace()
    for (const hash of seen) pace.note(hash)
    expect(Math.abs((await lasting(pace.imitate(spellings, own))) - expected)).toBeLessThanOrEqual(2)
  })

  it('counts for each spelling', async () => {
    const pace = new HashPace()
    pace.note({ stored: bcrypt('a'), durationMs: 500, spellings: 2 })
    expect(Math.abs((await lasting(pace.imitate(1, undefined))) - 250)).toBeLessThanOrEqual(2)
  })

  it('is no time where every hash is of our cost, and when no other was met for a day', async () => {
    let now = 0
    const pace = new HashPace(() => now)
    expect(await lasting(pace.imitate(1, undefined))).toBe(0)
    pace.note({ stored: bcrypt('a'), durationMs: 500, spellings: 1 })
    now = dayMs
    expect(await lasting(pace.imitate(1, undefined))).toBe(0)
  })
})
