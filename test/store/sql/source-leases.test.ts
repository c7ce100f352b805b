// Leases of sources while time goes by, and when the file that holds them takes nothing, as on a full disk.
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Store } from '../../../src/mail/store.ts'
import { openStore } from '../../../src/store/open-store.ts'
import { SqliteConnection } from '../../../src/store/sql/sqlite/connection.ts'
import { scratchFolder } from '../factories.ts'

const leaseMs = 30_000
let stores: Store[]
let folder: string

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] })
  stores = []
  folder = scratchFolder()
})
afterEach(async () => {
  vi.restoreAllMocks()
  vi.useRealTimers()
  for (const store of stores) await store.close()
})

async function open(): Promise<Store> {
  const store = await openStore({ folder, writer: 'inline', leaseMs })
  stores.push(store)
  return store
}

/** Has every statement on the leases fail. */
function fillDisk() {
  return vi.spyOn(SqliteConnection.prototype, 'rows').mockImplementation(() => {
    throw new Error('disk full')
  })
}

describe('the lease of a source', () => {
  it('is renewed while it is held, and no longer', async () => {
    const [ours, theirs] = [await open(), await open()]
    const lease = await ours.leaseSource('gmail')
    await vi.advanceTimersByTimeAsync(10 * leaseMs)
    expect(lease?.holds).toBe(true)
    expect(await theirs.leaseSource('gmail')).toBeUndefined()
    await lease?.release()
    const next = await theirs.leaseSource('gmail')
    await vi.advanceTimersByTimeAsync(leaseMs)
    expect(next?.holds).toBe(true)
    expect(lease?.holds).toBe(false)
  })

  it('is lost to who took it while its holder slept, whatever its holder does then', async () => {
    const [ours, theirs] = [await open(), await open()]
    const lease = await ours.leaseSource('gmail')
    vi.setSystemTime(Date.now() + leaseMs)
    const taken = await theirs.leaseSource('gmail')
    expect(taken?.holds).toBe(true)
    await vi.advanceTimersByTimeAsync(leaseMs)
    expect(lease?.holds).toBe(false)
    await lease?.release()
    expect(taken?.holds).toBe(true)
    expect(await ours.leaseSource('gmail')).toBeUndefined()
  })

  it('goes on when its holder slept and nobody took it', async () => {
    const ours = await open()
    const lease = await ours.leaseSource('gmail')
    vi.setSystemTime(Date.now() + 2 * leaseMs)
    expect(lease?.holds).toBe(false)
    await vi.advanceTimersByTimeAsync(leaseMs)
    expect(lease?.holds).toBe(true)
  })

  it('holds for its time when it cannot be renewed, and is renewed later', async () => {
    const ours = await open()
    const lease = await ours.leaseSource('gmail')
    const disk = fillDisk()
    await vi.advanceTimersByTimeAsync(leaseMs - 1)
    expect(lease?.holds).toBe(true)
    await vi.advanceTimersByTimeAsync(1)
    expect(lease?.holds).toBe(false)
    disk.mockRestore()
    await vi.advanceTimersByTimeAsync(leaseMs / 3)
    expect(lease?.holds).toBe(true)
  })

  it('that cannot be given back runs out', async () => {
    const [ours, theirs] = [await open(), await open()]
    const lease = await ours.leaseSource('gmail')
    const disk = fillDisk()
    await lease?.release()
    disk.mockRestore()
    expect(lease?.holds).toBe(false)
    expect(await theirs.leaseSource('gmail')).toBeUndefined()
    await vi.advanceTimersByTimeAsync(leaseMs)
    expect((await theirs.leaseSource('gmail'))?.holds).toBe(true)
  })

  it('comes later into a file of leases that was made without', async () => {
    const before = await open()
    await before.close()
    stores = []
    const leases = new Sqlite(`${folder}/leases.sqlite`)
    leases.exec(
      `drop table source_lease; insert into lease values ('a', 'ann', 3, 'server:1', 's', 'p', 0, 0)`,
    )
    leases.close()
    const store = await open()
    expect((await store.leaseSource('gmail'))?.holds).toBe(true)
    const after = new Sqlite(`${folder}/leases.sqlite`)
    expect(after.prepare('select fence from lease').pluck().all()).toEqual([3])
    after.close()
  })
})
