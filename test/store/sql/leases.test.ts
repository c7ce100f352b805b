// Leases when the file that holds them takes nothing, as on a full disk: what was done stays done, and is made up for.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Account } from '../../../src/mail/account.ts'
import { openStore } from '../../../src/store/open-store.ts'
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

async function setUp(server = false) {
  vi.useFakeTimers()
  const file = new FakeFile()
  const database = { leases: file, now: () => 1000 } as unknown as Database
  const leases = await Leases.open(database, { leaseMs: 30_000, server })
  return { file, leases }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('leases', () => {
  it('are renewed three times in their lifetime, and only while one is held', async () => {
    const { file, leases } = await setUp()
    const lease = await leases.take(account, holder)
    file.asked = []
    await vi.advanceTimersByTimeAsync(30_000)
    expect(file.asked).toHaveLength(3)
    expect(file.asked[0]).toMatchObject({ expires_at: 31_000 })
    await leases.release(lease)
    file.asked = []
    await vi.advanceTimersByTimeAsync(30_000)
    expect(file.asked).toEqual([])
  })

  it('that could not be given back are given back later', async () => {
    const { file, leases } = await setUp()
    const lease = await leases.take(account, holder)
    file.full = true
    await leases.release(lease)
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

  it('are not held where nobody could look whether they are free', async () => {
    const { file, leases } = await setUp(true)
    file.full = true
    await expect(leases.take(account, holder)).rejects.toThrow('disk full')
    expect(leases.heldCount).toBe(0)
  })

  it('do not keep the store from closing', async () => {
    const { file, leases } = await setUp()
    await leases.take(account, holder)
    file.full = true
    await leases.close()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('leases of the server', () => {
  /** The server's store, and another program's over the same folder. */
  async function openTwo() {
    const folder = mkdtempSync(join(tmpdir(), 'poplar-leases-'))
    const server = await openStore({ folder, writer: 'thread' })
    const beside = await openStore({ folder, writer: 'inline' })
    const ann = await server.addAccount({ name: 'ann' })
    const close = async () => {
      await beside.close()
      await server.close()
      rmSync(folder, { recursive: true })
    }
    return { server, beside, ann, close }
  }

  it('are seen by other programs once a session has lasted a moment', async () => {
    const { server, beside, ann, close } = await openTwo()
    const maildrop = await server.openMaildrop(ann, holder)
    await expect.poll(() => beside.listLeases(), { timeout: 5_000 }).toHaveLength(1)
    await expect(beside.openMaildrop(ann, holder)).rejects.toMatchObject({ code: 'maildrop-in-use' })
    await maildrop.release()
    expect(await beside.listLeases()).toEqual([])
    await close()
  })

  it('leave no row when they end while it is made', async () => {
    const { server, beside, ann, close } = await openTwo()
    const maildrop = await server.openMaildrop(ann, holder)
    await Promise.all([server.listLeases(), maildrop.release()])
    expect(await beside.listLeases()).toEqual([])
    await close()
  })

  it('exclude a second session before anyone has seen them', async () => {
    const { server, ann, close } = await openTwo()
    const [first, second] = await Promise.allSettled([
      server.openMaildrop(ann, holder),
      server.openMaildrop(ann, holder),
    ])
    expect([first.status, second.status]).toEqual(['fulfilled', 'rejected'])
    await close()
  })

  it('respect a lock that another program holds', async () => {
    const { server, beside, ann, close } = await openTwo()
    const maildrop = await beside.openMaildrop(ann, holder)
    await expect(server.openMaildrop(ann, holder)).rejects.toMatchObject({ code: 'maildrop-in-use' })
    await maildrop.release()
    await (await server.openMaildrop(ann, holder)).release()
    await close()
  })

  it('are lost when another program was faster', async () => {
    const { server, beside, ann, close } = await openTwo()
    const [ours, theirs] = await Promise.all([
      server.openMaildrop(ann, holder),
      beside.openMaildrop(ann, holder),
    ])
    await expect(ours.update([])).rejects.toMatchObject({ code: 'lease-lost' })
    await theirs.update([])
    await ours.release()
    await close()
  })

  it('that were broken from outside make room for the next session', async () => {
    const { server, beside, ann, close } = await openTwo()
    const broken = await server.openMaildrop(ann, holder)
    await expect.poll(() => beside.breakLease('ann'), { timeout: 5_000 }).toBe(true)
    const next = await server.openMaildrop(ann, holder)
    await expect(broken.update([])).rejects.toMatchObject({ code: 'lease-lost' })
    await broken.release()
    await expect(server.openMaildrop(ann, holder)).rejects.toMatchObject({ code: 'maildrop-in-use' })
    await next.update([])
    await close()
  })
})
