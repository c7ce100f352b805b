// The contract of RecoveryStore: what was expunged can come back until it is freed, and what a session may still read is
// not freed under it.
import { describe, expect, it } from 'vitest'
import {
  copyFor,
  deliver,
  expunge,
  fillMaildrop,
  holder,
  octets,
  plainText,
  put,
  type StoreFactory,
  textOf,
  uidlsOf,
  withStore,
} from './fixtures.ts'

export function recoveryStoreSuite(factory: StoreFactory): void {
  const bench = withStore(factory)

  const maildropOf = (...uidls: readonly string[]) => fillMaildrop(bench(), uidls)

  describe('undelete', () => {
    it('brings messages back at the end, with their UIDLs and octets', async () => {
      const { store, ann } = await maildropOf('a', 'b', 'c')
      await expunge(store, ann, 'a', 'b')
      await put(store, ann, 'd')
      expect(await store.countExpunged(ann)).toBe(2)
      expect(await store.undelete(ann)).toBe(2)
      expect(await uidlsOf(store, ann)).toEqual(['c', 'd', 'a', 'b'])
      expect(await store.countExpunged(ann)).toBe(0)
      const maildrop = await store.openMaildrop(ann, holder)
      expect(await textOf(await maildrop.read(2))).toBe(`${plainText}a\r\n`)
      await maildrop.release()
    })

    it('takes only what was expunged since a time', async () => {
      const { store, ann } = await maildropOf('a', 'b')
      await expunge(store, ann, 'a')
      bench().pass(1000)
      const since = new Date(bench().now())
      await expunge(store, ann, 'b')
      expect(await store.countExpunged(ann, { since })).toBe(1)
      expect(await store.undelete(ann, { since })).toBe(1)
      expect(await uidlsOf(store, ann)).toEqual(['b'])
      expect(await store.undelete(ann, { since: new Date(bench().now() + 1) })).toBe(0)
    })

    it('takes only what one session deleted, or one message, or both', async () => {
      const { store, ann } = await maildropOf('a', 'b', 'c', 'd')
      const other = await store.openMaildrop(ann, { ...holder, sessionId: 's2' })
      await other.update([0, 1])
      await expunge(store, ann, 'c')
      const counts = [
        [{ sessionId: 's2' }, 2],
        [{ sessionId: 's1' }, 1],
        [{ sessionId: 's' }, 0],
        [{ uidl: 'a' }, 1],
        [{ uidl: 'd' }, 0],
        [{ sessionId: 's2', uidl: 'c' }, 0],
      ] as const
      for (const [filter, count] of counts) expect(await store.countExpunged(ann, filter)).toBe(count)
      expect(await store.undelete(ann, { sessionId: 's2', uidl: 'b' })).toBe(1)
      expect(await store.undelete(ann, { sessionId: 's1' })).toBe(1)
      expect(await uidlsOf(store, ann)).toEqual(['d', 'b', 'c'])
      expect(await store.undelete(ann, { sessionId: 's2' })).toBe(1)
      expect(await store.undelete(ann, { sessionId: 's2' })).toBe(0)
    })

    it('knows the session behind what was deleted from a folder that is gone', async () => {
      const { store, ann } = await maildropOf()
      await store.createFolder(ann.name, 'Lists')
      await deliver(store, [copyFor(ann, { uidl: 'l', folder: 'Lists' })])
      await (await store.openMaildrop(ann, holder, { folder: 'Lists' })).update([0])
      await store.removeFolder(ann.name, 'Lists')
      expect(await store.countExpunged(ann, { sessionId: holder.sessionId })).toBe(1)
      expect(await store.undelete(ann, { sessionId: holder.sessionId })).toBe(1)
      expect(await uidlsOf(store, ann)).toEqual(['l'])
    })

    it('brings back what was deleted again since, by the session that did it last', async () => {
      const { store, ann } = await maildropOf('a')
      await expunge(store, ann, 'a')
      await store.undelete(ann)
      bench().pass(1)
      await (await store.openMaildrop(ann, { ...holder, sessionId: 's2' })).update([0])
      expect(await store.countExpunged(ann, { sessionId: 's1' })).toBe(0)
      expect(await store.countExpunged(ann, { sessionId: 's2' })).toBe(1)
    })

    it('of nothing brings nothing back', async () => {
      const { store, ann } = await maildropOf('a')
      expect(await store.undelete(ann)).toBe(0)
      await store.removeAccount('ann')
      expect(await store.undelete(ann)).toBe(0)
      expect(await store.countExpunged(ann)).toBe(0)
    })

    it('brings back more than one step takes', async () => {
      const { store, ann } = await maildropOf()
      const uidls = Array.from({ length: 501 }, (_, i) => `u${i}`)
      await Promise.all(uidls.map(uidl => put(store, ann, uidl)))
      await expunge(store, ann, ...uidls)
      expect(await store.undelete(ann)).toBe(501)
      expect(await uidlsOf(store, ann)).toEqual(uidls)
    })

    it('does not change the listing of a session', async () => {
      const { store, ann } = await maildropOf('a', 'b')
      await expunge(store, ann, 'a')
      const maildrop = await store.openMaildrop(ann, holder)
      await store.undelete(ann)
      expect(maildrop.listing.uidls).toEqual(['b'])
      await maildrop.update([0])
      expect(await uidlsOf(store, ann)).toEqual(['a'])
    })
  })

  it('tells whether a message is there', async () => {
    const { store, ann } = await maildropOf('h', 'a', 'b')
    await (await store.openMaildrop(ann, holder, { onDelete: 'hide' })).update([0])
    await expunge(store, ann, 'a')
    const states = await Promise.all(['h', 'a', 'b', 'c'].map(uidl => store.messageState(ann, uidl)))
    expect(states).toEqual(['hidden', 'deleted', 'present', undefined])
  })

  describe('clean', () => {
    it('frees what was expunged before a time, and only that', async () => {
      const { store, ann } = await maildropOf('a', 'b', 'c')
      await expunge(store, ann, 'a')
      bench().pass(1000)
      const before = new Date(bench().now())
      await expunge(store, ann, 'b')
      expect(await store.clean(before)).toMatchObject({ messages: 1, contents: 1 })
      expect(await store.clean(before)).toMatchObject({ messages: 0, contents: 0 })
      expect(await store.undelete(ann)).toBe(1)
      expect(await uidlsOf(store, ann)).toEqual(['c', 'b'])
    })

    it('frees more than one step takes, of large messages too', async () => {
      const { store, ann } = await maildropOf()
      const uidls = Array.from({ length: 401 }, (_, i) => `u${i}`)
      await Promise.all(uidls.map(uidl => put(store, ann, uidl)))
      await put(store, ann, 'big', `A: b\r\n\r\n${'x'.repeat(5_000_000)}\r\n`)
      await expunge(store, ann, 'big', ...uidls)
      bench().pass(1)
      expect(await store.clean(new Date(bench().now()))).toMatchObject({ messages: 402, contents: 402 })
      expect(await store.checkIntegrity()).toEqual({ faults: [], messages: 0, contents: 0 })
    })

    it('leaves what a live session may still read', async () => {
      const { store, ann } = await maildropOf('a', 'b')
      const session = await store.openMaildrop(ann, holder)
      bench().pass(1)
      // Another protocol would expunge beside the session; here a lease that was broken stands for it.
      await store.breakLease('ann')
      const reader = await store.openMaildrop(ann, holder)
      await session.release()
      bench().pass(1)
      await store.breakLease('ann')
      await expunge(store, ann, 'a')
      const live = await store.openMaildrop(ann, holder)
      bench().pass(1)
      expect(await textOf(await reader.read(0))).toBe(`${plainText}a\r\n`)
      expect(await store.clean(new Date(bench().now()))).toMatchObject({ messages: 0, contents: 0 })
      await live.release()
      expect(await store.clean(new Date(bench().now()))).toMatchObject({ messages: 1, contents: 1 })
      await expect(reader.read(0)).rejects.toMatchObject({ code: 'message-gone' })
      expect(await textOf(await reader.read(1))).toBe(`${plainText}b\r\n`)
    })

    it('stops when it is told to', async () => {
      const { store, ann } = await maildropOf('a')
      await expunge(store, ann, 'a')
      bench().pass(1)
      expect(await store.clean(new Date(bench().now()), AbortSignal.abort())).toMatchObject({
        messages: 0,
        contents: 0,
      })
      expect(await store.countExpunged(ann)).toBe(1)
    })

    it('frees the octets of a delivery that was never committed, a day later', async () => {
      const { store, ann } = await maildropOf()
      const delivery = store.begin()
      await delivery.write(octets('x'.repeat(1_000_000)))
      await store.clean(new Date(bench().now()))
      const young = store.begin()
      await young.write(octets(`A: b\r\n\r\n${'x'.repeat(1_000_000)}\r\n`))
      await store.clean(new Date(bench().now()))
      expect(
        await young.commit({ headerOctets: 8, dotLines: 0 }, [copyFor(ann, { uidl: 'young' })], 'all'),
      ).toMatchObject([{ delivered: true }])
      bench().pass(25 * 3_600_000)
      await store.clean(new Date(bench().now()))
      expect(await store.checkIntegrity()).toMatchObject({ faults: [], messages: 1, contents: 1 })
      expect(await uidlsOf(store, ann)).toEqual(['young'])
    })
  })
}
