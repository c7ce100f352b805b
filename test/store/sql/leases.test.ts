// Leases when the file that holds them takes nothing, as on a full disk: what was done stays done, and is made up for.
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Account } from '../../../src/mail/account.ts'
import type { Connection, Database } from '../../../src/store/sql/database.ts'
import { Leases } from '../../../src/store/sql/leases.ts'
import type { Parameters } from '../../../src/store/sql/statement.ts'
import { holder } from '../../suites/fixtures.ts'

const account = { id: 'a', name: 'ann' } as Account

/** A lease file that can be filled up, and keeps what it is asked. */
class FakeFile implements Connection {
  full = false
  asked: Parameters[] = []

  rows<R>(_statement: unknown, parameters: Parameters): readonly R[] {
    if (this.full) throw new Error('disk full')
    this.asked.push(parameters)
    return []
  }

  row<R>(_statement: unknown, parameters: Parameters): R {
    this.rows(_statement, parameters)
    return { fence: 7 } as R
  }

  columns(): never {
    throw new Error('leases are read by rows')
  }
}

async function setUp() {
  vi.useFakeTimers()
  const file = new FakeFile()
  const database = { leases: file, now: () => 1000 } as unknown as Database
  const leases = await Leases.open(database, { leaseMs: 30_000, server: false })
  return { file, leases }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('leases', () => {
  it('are renewed three times in their lifetime, and only while one is held', async () => {
    const { file, leases } = await setUp()
    const fence = await leases.take(account, holder)
    file.asked = []
    await vi.advanceTimersByTimeAsync(30_000)
    expect(file.asked).toHaveLength(3)
    expect(file.asked[0]).toMatchObject({ expires_at: 31_000 })
    await leases.release('a', fence)
    file.asked = []
    await vi.advanceTimersByTimeAsync(30_000)
    expect(file.asked).toEqual([])
  })

  it('that could not be given back are given back later', async () => {
    const { file, leases } = await setUp()
    const fence = await leases.take(account, holder)
    file.full = true
    await leases.release('a', fence)
    await vi.advanceTimersByTimeAsync(10_000)
    file.full = false
    file.asked = []
    await vi.advanceTimersByTimeAsync(20_000)
    expect(file.asked).toEqual([{ account_id: 'a', fence: 7 }])
  })

  it('outlive a renewal that failed', async () => {
    const { file, leases } = await setUp()
    await leases.take(account, holder)
    file.full = true
    await vi.advanceTimersByTimeAsync(10_000)
    file.full = false
    file.asked = []
    await vi.advanceTimersByTimeAsync(10_000)
    expect(file.asked).toHaveLength(1)
  })

  it('do not keep the store from closing', async () => {
    const { file, leases } = await setUp()
    await leases.take(account, holder)
    file.full = true
    await leases.close()
    expect(vi.getTimerCount()).toBe(0)
  })
})
