// An attempt to log in: who counts as known by what name, and that nobody learns anything by going away.
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { AccountFinder } from '../../src/auth/account-finder.ts'
import { FailureCounts } from '../../src/auth/failure-counts.ts'
import { LoginAttempt } from '../../src/auth/login-attempts.ts'
import { Throttle } from '../../src/auth/throttle.ts'
import type { Account } from '../../src/mail/account.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { originFrom } from './origin.ts'

const store = createMemoryStore()
const finder = new AccountFinder(store, ['a.example', 'b.example'])
const accounts: Record<string, Account> = {}
let throttle: Throttle
let lines: string[]

beforeAll(async () => {
  for (const name of ['ann', 'info@a.example', 'info@b.example'])
    accounts[name] = await store.addAccount({ name })
})
afterAll(() => store.close())
beforeEach(() => {
  vi.restoreAllMocks()
  throttle = new Throttle({ maxDelayMs: 0 }, Date.now)
  lines = []
})

function begin(claimed: string | undefined, signal?: AbortSignal): Promise<LoginAttempt> {
  const keep = (_fields: object, text: string) => void lines.push(text)
  const log = { info: keep, warn: keep, error: keep }
  const origin = originFrom('192.0.2.1', signal && { signal })
  return LoginAttempt.begin({ throttle, finder, log }, { origin, mechanism: 'PLAIN', claimed })
}

async function succeed(claimed: string | undefined, name: string, signal?: AbortSignal): Promise<void> {
  const account = accounts[name]
  if (!account) throw new Error('no such account')
  await (await begin(claimed, signal)).succeed(account)
}

describe('a known peer', () => {
  it.each<[claimed: string | undefined, account: string, again: string, expected: number, why: string]>([
    ['ann', 'ann', 'ann', 0, 'the same spelling'],
    ['ann', 'ann', 'Ann@A.example', 0, 'with a local domain now'],
    ['ann@b.example', 'ann', 'ann', 0, 'with a local domain before'],
    ['ann', 'ann', 'ａnn', 0, 'in letters that SASLprep maps'],
    [undefined, 'ann', 'ann', 0, 'by what it was proved to be'],
    ['info@a.example', 'info@a.example', 'INFO@a.example', 0, 'a name with its domain'],
    ['info@a.example', 'info@a.example', 'info@b.example', 1, 'the same name in another local domain'],
    ['info@a.example', 'info@a.example', 'info', 1, 'the same name without one, which nobody has'],
    ['ann', 'ann', 'bob', 1, 'another name'],
  ])('as %s, %s, claims %s: rank %i (%s)', async (claimed, account, again, expected) => {
    await succeed(claimed, account)
    expect((await begin(again)).rank).toBe(expected)
  })

  it('of one account has its failures at another forgiven by none of its logins', async () => {
    await succeed('info@b.example', 'info@b.example')
    const forgotten = vi.spyOn(FailureCounts.prototype, 'forget')
    await succeed('info@a.example', 'info@a.example')
    await succeed('ann@a.example', 'ann')
    expect(forgotten.mock.calls).toEqual([['192.0.2.1/32\0info@a.example'], ['192.0.2.1/32\0ann']])
  })
})

describe('an attempt that nobody waits for', () => {
  it('is not begun', async () => {
    await expect(begin('ann', AbortSignal.abort())).rejects.toMatchObject({ code: 'store-busy' })
    expect(lines).toEqual([])
  })

  it('lets nobody in, and makes nobody known, when it was right', async () => {
    const leaving = new AbortController()
    const attempt = await begin('ann', leaving.signal)
    leaving.abort()
    const account = accounts['ann']
    expect(() => account && attempt.succeed(account)).toThrow(/nobody waits/)
    expect(lines).toEqual(['login given up'])
    expect((await begin('ann')).rank).toBe(1)
  })

  it('counts when it was wrong', async () => {
    const leaving = new AbortController()
    const attempt = await begin('ann', leaving.signal)
    leaving.abort()
    await attempt.fail('wrong-password')
    expect((await begin('ann')).rank).toBe(2)
  })
})
