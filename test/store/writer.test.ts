// The writers: a failure takes back only itself, a commit that fails fails for all, a dead thread hangs nobody.
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import Sqlite from 'better-sqlite3'
import { afterEach, describe, expect, it } from 'vitest'
import { isRefusal } from '../../src/mail/errors.ts'
import type { Store } from '../../src/mail/store.ts'
import { openStore, type StoreOptions } from '../../src/store/open-store.ts'
import { setQuota } from '../../src/store/sql/accounts.ts'
import { ThreadWriter } from '../../src/store/sql/sqlite/thread-writer.ts'
import { copyFor, deliver, holder, octets, plainText, put, uidlsOf } from '../suites/fixtures.ts'
import { scratchFolder } from './factories.ts'

const open: Store[] = []
afterEach(async () => {
  for (const store of open.splice(0)) await store.close()
})

async function openIn(folder: string, options: Omit<StoreOptions, 'folder'>): Promise<Store> {
  const store = await openStore({ folder, ...options })
  open.push(store)
  return store
}

describe.each(['inline', 'thread'] as const)('the writer (%s)', writer => {
  it('lets one operation of a group fail alone', async () => {
    const store = await openIn(scratchFolder(), { writer })
    const ann = await store.addAccount({ name: 'ann' })
    const full = await store.addAccount({ name: 'full', quotaOctets: 1 })
    const ends = await Promise.allSettled([
      deliver(store, [copyFor(ann, { uidl: 'a' })]),
      store.addAccount({ name: 'ann' }),
      deliver(store, [copyFor(ann, { uidl: 'b' }), copyFor(full)], plainText, 'all'),
      store.setQuota('nobody', 5),
      deliver(store, [copyFor(ann, { uidl: 'c' })]),
    ])
    expect(
      ends.map(end => (end.status === 'fulfilled' ? 'done' : (end.reason as { code: string }).code)),
    ).toEqual(['done', 'account-exists', 'done', 'no-such-account', 'done'])
    expect(await uidlsOf(store, ann)).toEqual(['a', 'c'])
    expect((await store.checkIntegrity()).faults).toEqual([])
  })

  it('answers a fault of ours as such, and lives on', async () => {
    const store = await openIn(scratchFolder(), { writer })
    const ann = await store.addAccount({ name: 'ann' })
    // A date that is none reaches the database as NaN, which no column takes.
    const bad = deliver(store, [copyFor(ann, { internalDate: new Date(Number.NaN) })])
    const good = deliver(store, [copyFor(ann, { uidl: 'good' })])
    const error: unknown = await bad.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Error)
    expect(isRefusal(error)).toBe(false)
    await good
    expect(await uidlsOf(store, ann)).toEqual(['good'])
  })

  it('says when the disk is full, loses nothing, and goes on when there is room', async () => {
    const folder = scratchFolder()
    const small = await openIn(folder, { writer, maxPages: 100 })
    const ann = await small.addAccount({ name: 'ann' })
    const done: string[] = []
    const text = `A: b\r\n\r\n${'x'.repeat(20_000)}\r\n`
    for (let i = 0, refused = 0; refused < 3; i++) {
      const outcome = await deliver(small, [copyFor(ann, { uidl: `u${i}` })], text).catch(
        (error: unknown) => error,
      )
      if (isRefusal(outcome, 'store-full')) refused += 1
      else done.push(`u${i}`)
      expect(isRefusal(outcome) && outcome.code !== 'store-full').toBe(false)
    }
    expect(done.length).toBeGreaterThan(10)
    const large = small.begin()
    await expect(large.write(octets('x'.repeat(2_000_000)))).rejects.toMatchObject({ code: 'store-full' })
    await large.abort().catch(() => {})
    expect(await uidlsOf(small, ann)).toEqual(done)
    await small.close()
    const roomy = await openIn(folder, { writer })
    await put(roomy, ann, 'after')
    expect(await uidlsOf(roomy, ann)).toEqual([...done, 'after'])
    expect((await roomy.checkIntegrity()).faults).toEqual([])
  })

  it('says when another process keeps the store locked; then nothing was changed', async () => {
    const folder = scratchFolder()
    const store = await openIn(folder, { writer, busyTimeoutMs: 50 })
    const ann = await store.addAccount({ name: 'ann' })
    for (const uidl of ['a', 'b']) await put(store, ann, uidl)
    const other = new Sqlite(join(folder, 'poplar.sqlite'))
    other.exec('begin immediate')
    const maildrop = await store.openMaildrop(ann, holder)
    const ends = await Promise.allSettled([
      maildrop.update([0]),
      deliver(store, [copyFor(ann, { uidl: 'c' })]),
      store.setQuota('ann', 1),
    ])
    for (const end of ends) expect(end).toMatchObject({ status: 'rejected', reason: { code: 'store-busy' } })
    expect(maildrop.listing.uidls).toEqual(['a', 'b'])
    other.exec('rollback')
    other.close()
    await maildrop.update([0])
    expect(await uidlsOf(store, ann)).toEqual(['b'])
  })

  it('finishes what was asked for before it closes, and refuses what comes after', async () => {
    const folder = scratchFolder()
    const store = await openIn(folder, { writer })
    const ann = await store.addAccount({ name: 'ann' })
    const asked = Array.from({ length: 100 }, (_, i) => deliver(store, [copyFor(ann, { uidl: `u${i}` })]))
    await Promise.resolve()
    await store.close()
    await Promise.all(asked)
    for (const late of [
      () => deliver(store, [copyFor(ann)]),
      () => store.findAccount('ann'),
      () => store.openMaildrop(ann, holder),
    ]) {
      await expect(late()).rejects.toMatchObject({ code: 'store-closed' })
    }
    const again = await openIn(folder, { writer })
    expect(await uidlsOf(again, ann)).toHaveLength(100)
    expect(readdirSync(folder).sort()).toEqual(expect.arrayContaining(['leases.sqlite', 'poplar.sqlite']))
  })
})

describe('a writer thread that dies', () => {
  const files = () => ({ mailPath: 'unused', leasesPath: 'unused', busyTimeoutMs: 1 })

  const outcomeUnknown = "the store's writer stopped before it answered"

  it.each([
    ['exits', `port.once('message', () => process.exit(3))`],
    ['throws', `port.once('message', () => { throw new Error('out of order') })`],
    ['never starts', `throw new Error('no')`],
  ])('%s: all that waits fails, its outcome unknown, and the next request finds a new thread', async (_how, code) => {
    const path = join(scratchFolder(), 'thread.mjs')
    writeFileSync(path, `import { parentPort as port } from 'node:worker_threads'\n${code}\n`)
    const writer = new ThreadWriter(files(), pathToFileURL(path))
    for (let round = 0; round < 2; round++) {
      const asked = Array.from({ length: 3 }, () => writer.run(setQuota, { name: 'ann', quotaOctets: 1 }))
      for (const end of await Promise.allSettled(asked)) {
        expect(end).toMatchObject({ status: 'rejected', reason: { message: outcomeUnknown } })
        // A refusal would promise that nothing happened.
        expect(end).not.toMatchObject({ reason: { name: 'Refusal' } })
      }
    }
    await writer.close()
    await expect(writer.run(setQuota, { name: 'ann', quotaOctets: 1 })).rejects.toMatchObject({
      code: 'store-closed',
    })
  })

  it('is replaced by one that works', async () => {
    const path = join(scratchFolder(), 'thread.mjs')
    // The first request ends the thread, the second one, in a new thread, is answered.
    writeFileSync(
      path,
      `import { parentPort as port } from 'node:worker_threads'
      port.on('message', message => {
        if (message === 'close') return port.close()
        if (message[0].argument.quotaOctets === 0) process.exit(1)
        port.postMessage({ answers: message.map(({ id }) => ({ id, result: 'done' })), durationMs: 1 })
      })\n`,
    )
    const writer = new ThreadWriter(files(), pathToFileURL(path))
    await expect(writer.run(setQuota, { name: 'ann', quotaOctets: 0 })).rejects.toThrow(outcomeUnknown)
    expect(await writer.run(setQuota, { name: 'ann', quotaOctets: 1 })).toBe('done')
    await writer.close()
  })
})
