// What a store tells of its work.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Account } from '../../src/mail/account.ts'
import type { Store } from '../../src/mail/store.ts'
import type { StoreLoad } from '../../src/mail/store-load.ts'
import { openStore } from '../../src/store/open-store.ts'

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function open(
  writer: 'thread' | 'inline',
): Promise<{ store: Store; load: StoreLoad; account: Account }> {
  const folder = mkdtempSync(join(tmpdir(), 'poplar-load-'))
  closers.push(() => rmSync(folder, { recursive: true, force: true }))
  const store = await openStore({ folder, writer, cacheOctets: 1024 * 1024 })
  closers.push(() => store.close())
  const account = await store.addAccount({ name: 'ann' })
  if (!store.load) throw new Error('the store tells nothing')
  return { store, load: store.load, account }
}

async function deliver(store: Store, account: Account): Promise<void> {
  const delivery = store.begin()
  await delivery.write(Buffer.from('Subject: x\r\n\r\nbody\r\n'))
  const copy = { account, trace: new Uint8Array(), internalDate: new Date() }
  await delivery.commit({ headerOctets: 14, dotLines: 0 }, [copy], 'all')
}

async function readOne(store: Store, account: Account): Promise<void> {
  const maildrop = await store.openMaildrop(account, { sessionId: 's', peer: '192.0.2.1' })
  const { body } = await maildrop.read(0)
  let octets = 0
  for await (const piece of body) octets += piece.length
  expect(octets).toBeGreaterThan(0)
  await maildrop.release()
}

describe.each(['thread', 'inline'] as const)('the load of a store that writes by %s', writer => {
  it('tells of each transaction, and of what waits for it', async () => {
    const { store, load, account } = await open(writer)
    const commits: { durationMs: number; changes: number }[] = []
    load.onCommit = (durationMs, changes) => void commits.push({ durationMs, changes })
    expect([load.waitingWrites, load.writerSilenceMs]).toEqual([0, 0])
    const both = Promise.all([deliver(store, account), deliver(store, account)])
    // Each delivery has asked for something by the next turn, and nothing is answered within one.
    await Promise.resolve()
    expect(load.waitingWrites).toBeGreaterThan(0)
    await both
    expect([load.waitingWrites, load.writerSilenceMs]).toEqual([0, 0])
    expect(commits.reduce((sum, { changes }) => sum + changes, 0)).toBeGreaterThanOrEqual(2)
    for (const { durationMs } of commits) expect(durationMs).toBeGreaterThan(0)
  })

  it('counts locks while they are held', async () => {
    const { store, load, account } = await open(writer)
    const maildrop = await store.openMaildrop(account, { sessionId: 's', peer: '192.0.2.1' })
    expect(load.heldLocks).toBe(1)
    await maildrop.release()
    expect(load.heldLocks).toBe(0)
  })

  it('counts what was in memory, and what was not', async () => {
    const { store, load, account } = await open(writer)
    await deliver(store, account)
    await readOne(store, account)
    expect([load.cacheHits, load.cacheMisses]).toEqual([0, 1])
    expect(load.cacheOctets).toBeGreaterThan(20)
    await readOne(store, account)
    expect([load.cacheHits, load.cacheMisses]).toEqual([1, 1])
  })

  it('knows the size of its files, which grow', async () => {
    const { store, load, account } = await open(writer)
    const before = load.fileOctets
    await deliver(store, account)
    expect(load.fileOctets).toBeGreaterThan(before)
  })
})
