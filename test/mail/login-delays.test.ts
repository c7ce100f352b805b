// RFC 2449 section 6.5: the time from one login to the next, per account, in bounded memory.
import { describe, expect, it } from 'vitest'
import { LoginDelays } from '../../src/mail/login-delays.ts'

function delays(maxAccounts?: number) {
  let nowMs = 1_000
  const kept = new LoginDelays({ now: () => nowMs, ...(maxAccounts && { maxAccounts }) })
  const pass = (ms: number) => {
    nowMs += ms
  }
  return { kept, pass }
}

describe('login delays', () => {
  it('count from the login, each account for itself', () => {
    const { kept, pass } = delays()
    expect(kept.waitMs('a')).toBe(0)
    kept.noteLogin('a', 500)
    expect([kept.waitMs('a'), kept.waitMs('b')]).toEqual([500, 0])
    pass(499)
    expect(kept.waitMs('a')).toBe(1)
    pass(1)
    expect(kept.waitMs('a')).toBe(0)
  })

  it('are not prolonged by being asked', () => {
    const { kept, pass } = delays()
    kept.noteLogin('a', 500)
    pass(400)
    kept.waitMs('a')
    pass(100)
    expect(kept.waitMs('a')).toBe(0)
  })

  it('keep nothing of whom they have let in', () => {
    const { kept, pass } = delays()
    kept.noteLogin('a', 500)
    pass(500)
    kept.waitMs('a')
    expect(kept.size).toBe(0)
  })

  it('forget who logged in longest ago when there are too many', () => {
    const { kept } = delays(2)
    kept.noteLogin('a', 900)
    kept.noteLogin('b', 500)
    kept.noteLogin('a', 900)
    kept.noteLogin('c', 500)
    expect(kept.size).toBe(2)
    expect([kept.waitMs('a'), kept.waitMs('b'), kept.waitMs('c')]).toEqual([900, 0, 500])
  })
})
