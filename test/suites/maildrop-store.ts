// The contract of MaildropStore and MaildropLocks: one session at a time, a listing that never moves, UPDATE as one step.
import { describe, expect, it } from 'vitest'
import {
  copyFor,
  deliver,
  expunge,
  factsOf,
  fillMaildrop,
  holder,
  indexOf,
  leaseMs,
  plainText,
  put,
  type StoreFactory,
  textOf,
  uidlsOf,
  withStore,
} from './fixtures.ts'

export function maildropStoreSuite(factory: StoreFactory): void {
  const bench = withStore(factory)

  const maildropOf = (...uidls: readonly string[]) => fillMaildrop(bench(), uidls)

  describe('the listing', () => {
    it('has the messages in the order they came', async () => {
      const { store, ann } = await maildropOf('c', 'bb', 'aaa')
      const maildrop = await store.openMaildrop(ann, holder)
      const { listing } = maildrop
      expect(listing.uidls).toEqual(['c', 'bb', 'aaa'])
      expect([...listing.octets]).toEqual([1, 2, 3].map(more => plainText.length + 2 + more))
      expect(listing.count).toBe(3)
      expect(listing.totalOctets).toBe(3 * (plainText.length + 2) + 6)
      await maildrop.release()
    })

    it('may be empty', async () => {
      const { store, ann } = await maildropOf()
      const maildrop = await store.openMaildrop(ann, holder)
      const { listing } = maildrop
      expect(listing).toMatchObject({ count: 0, totalOctets: 0, uidls: [] })
      await maildrop.release()
    })

    it('stays while mail arrives; the next session sees it', async () => {
      const { store, ann } = await maildropOf('a', 'b')
      const maildrop = await store.openMaildrop(ann, holder)
      await put(store, ann, 'c')
      expect(maildrop.listing.uidls).toEqual(['a', 'b'])
      await maildrop.update([0])
      expect(maildrop.listing.uidls).toEqual(['a', 'b'])
      expect(await uidlsOf(store, ann)).toEqual(['b', 'c'])
    })

    it('follows any mix of arrivals and deletions from session to session', async () => {
      const { store, ann } = await maildropOf('a', 'b', 'c')
      expect(await uidlsOf(store, ann)).toEqual(['a', 'b', 'c'])
      await put(store, ann, 'd')
      await put(store, ann, 'e')
      expect(await uidlsOf(store, ann)).toEqual(['a', 'b', 'c', 'd', 'e'])
      await put(store, ann, 'f')
      await expunge(store, ann, 'b', 'e')
      await put(store, ann, 'g')
      expect(await uidlsOf(store, ann)).toEqual(['a', 'c', 'd', 'f', 'g'])
      await expunge(store, ann, 'a', 'c', 'd', 'f', 'g')
      expect(await uidlsOf(store, ann)).toEqual([])
      await put(store, ann, 'h')
      expect(await uidlsOf(store, ann)).toEqual(['h'])
    })

    it('holds 5,000 messages', async () => {
      const { store, ann } = await maildropOf()
      const uidls = Array.from({ length: 5000 }, (_, i) => `uidl-${i}`)
      await Promise.all(uidls.map(uidl => deliver(store, [copyFor(ann, { uidl })])))
      const maildrop = await store.openMaildrop(ann, holder)
      expect(maildrop.listing.uidls).toEqual(uidls)
      await maildrop.update(uidls.flatMap((_, i) => (i % 3 === 0 ? [] : [i])))
      expect(await uidlsOf(store, ann)).toEqual(uidls.filter((_, i) => i % 3 === 0))
    })
  })

  describe('read', () => {
    it('gives a message any number of times, in any order', async () => {
      const { store, ann } = await maildropOf('a', 'b', 'c')
      const maildrop = await store.openMaildrop(ann, holder)
      for (const index of [2, 0, 1, 1, 2]) {
        expect(await textOf(await maildrop.read(index))).toBe(`${plainText}${'abc'[index]}\r\n`)
      }
      await maildrop.release()
    })

    it('is a fault outside the listing', async () => {
      const { store, ann } = await maildropOf('a')
      const maildrop = await store.openMaildrop(ann, holder)
      await expect(maildrop.read(1)).rejects.toThrow(RangeError)
      await expect(maildrop.read(-1)).rejects.toThrow(RangeError)
      await maildrop.release()
    })

    it('refuses when the account was removed', async () => {
      const { store, ann } = await maildropOf('a')
      const maildrop = await store.openMaildrop(ann, holder)
      await store.removeAccount('ann')
      await expect(maildrop.read(0)).rejects.toMatchObject({ code: 'message-gone' })
      await expect(maildrop.update([0])).rejects.toMatchObject({ code: 'lease-lost' })
      await maildrop.release()
    })

    it('fails, rather than end early, when the octets go while it reads', async () => {
      const { store, ann } = await maildropOf()
      await put(store, ann, 'big', `A: b\r\n\r\n${'x'.repeat(1_000_000)}\r\n`)
      const maildrop = await store.openMaildrop(ann, holder)
      const message = await maildrop.read(0)
      let seen = 0
      const read = async () => {
        for await (const piece of message.body) {
          if (seen === 0) await store.removeAccount('ann')
          if (seen === 0) await store.clean(new Date(bench().now()))
          seen += piece.length
        }
        return 'ended'
      }
      // A store that hands out the whole message at once has nothing left to fail with.
      const end = await read().catch((error: unknown) => String(error))
      expect(end).toMatch(seen === message.octets ? /^ended$/ : /breaks off/)
    })
  })

  describe('the lock', () => {
    it('keeps a second session out at once, and only from this maildrop', async () => {
      const { store, ann } = await maildropOf('a')
      const bob = await store.addAccount({ name: 'bob' })
      const first = await store.openMaildrop(ann, holder)
      await expect(store.openMaildrop(ann, { ...holder, sessionId: 's2' })).rejects.toMatchObject({
        code: 'maildrop-in-use',
      })
      const other = await store.openMaildrop(bob, holder)
      await other.release()
      await first.release()
      await (await store.openMaildrop(ann, holder)).release()
    })

    it('lets exactly one of many in', async () => {
      const { store, ann } = await maildropOf('a')
      const attempts = await Promise.allSettled(
        Array.from({ length: 20 }, () => store.openMaildrop(ann, holder)),
      )
      const inside = attempts.filter(({ status }) => status === 'fulfilled')
      expect(inside).toHaveLength(1)
    })

    it('does not hinder delivery, reading outside a session, or housekeeping', async () => {
      const { store, ann } = await maildropOf('a')
      const maildrop = await store.openMaildrop(ann, holder)
      await put(store, ann, 'b')
      expect(await store.countMessages(ann)).toBe(2)
      await store.clean(new Date(bench().now()))
      await maildrop.release()
    })

    it('is given back by update, by release, and by release only once', async () => {
      const { store, ann } = await maildropOf('a')
      const first = await store.openMaildrop(ann, holder)
      await first.release()
      const second = await store.openMaildrop(ann, holder)
      await first.release()
      await expect(store.openMaildrop(ann, holder)).rejects.toMatchObject({ code: 'maildrop-in-use' })
      await second.update([0])
      await second.release()
      expect(await store.listLeases()).toEqual([])
    })

    it('is not left behind by an account that is gone', async () => {
      const { store, ann } = await maildropOf('a')
      await store.removeAccount('ann')
      await expect(store.openMaildrop(ann, holder)).rejects.toMatchObject({ code: 'no-such-account' })
      expect(await store.listLeases()).toEqual([])
    })

    it('ends when nobody renews it; whoever comes next may delete, the one before may not', async () => {
      const { store, ann } = await maildropOf('a', 'b')
      const dead = await store.openMaildrop(ann, holder)
      bench().pass(leaseMs - 1)
      await expect(store.openMaildrop(ann, holder)).rejects.toMatchObject({ code: 'maildrop-in-use' })
      bench().pass(1)
      const next = await store.openMaildrop(ann, holder)
      await expect(dead.update([0])).rejects.toMatchObject({ code: 'lease-lost' })
      await dead.release()
      await next.update([1])
      expect(await uidlsOf(store, ann)).toEqual(['a'])
    })

    it('is listed, oldest first, and can be broken', async () => {
      const { store, ann } = await maildropOf('a')
      const bob = await store.addAccount({ name: 'bob' })
      const since = bench().now()
      const ours = await store.openMaildrop(bob, { sessionId: 's1', peer: '2001:db8::1' })
      bench().pass(10)
      const broken = await store.openMaildrop(ann, { sessionId: 's2', peer: '192.0.2.2' })
      expect(await store.listLeases()).toEqual([
        {
          accountName: 'bob',
          sessionId: 's1',
          peer: '2001:db8::1',
          since: new Date(since),
          expiresAt: new Date(since + leaseMs),
        },
        {
          accountName: 'ann',
          sessionId: 's2',
          peer: '192.0.2.2',
          since: new Date(since + 10),
          expiresAt: new Date(since + 10 + leaseMs),
        },
      ])
      expect(await store.breakLease('ann')).toBe(true)
      expect(await store.breakLease('ann')).toBe(false)
      expect(await store.breakLease('nobody')).toBe(false)
      await expect(broken.update([0])).rejects.toMatchObject({ code: 'lease-lost' })
      await expect(broken.update([])).rejects.toMatchObject({ code: 'lease-lost' })
      await broken.release()
      expect((await store.listLeases()).map(({ accountName }) => accountName)).toEqual(['bob'])
      await ours.release()
      expect(await uidlsOf(store, ann)).toEqual(['a'])
    })
  })

  describe('update', () => {
    it('deletes exactly the given messages', async () => {
      const { store, ann } = await maildropOf('a', 'b', 'c', 'd')
      const maildrop = await store.openMaildrop(ann, holder)
      await maildrop.update([3, 1])
      expect(await uidlsOf(store, ann)).toEqual(['a', 'c'])
      expect(await store.findAccount('ann')).toMatchObject({
        usedMessages: 2,
        usedOctets: 2 * (plainText.length + 3),
      })
    })

    it('of nothing deletes nothing and gives the lock back', async () => {
      const { store, ann } = await maildropOf('a')
      const maildrop = await store.openMaildrop(ann, holder)
      await maildrop.update([])
      expect(await uidlsOf(store, ann)).toEqual(['a'])
      await expect(maildrop.update([0])).rejects.toMatchObject({ code: 'lease-lost' })
    })

    it('counts a message twice given, or already gone, as removed', async () => {
      const { store, ann } = await maildropOf('a', 'b')
      const first = await store.openMaildrop(ann, holder)
      bench().pass(leaseMs)
      await expunge(store, ann, 'a')
      const again = await store.openMaildrop(ann, holder)
      await again.update([indexOf(again, 'b'), indexOf(again, 'b')])
      await first.release()
      expect(await store.findAccount('ann')).toMatchObject({ usedMessages: 0, usedOctets: 0 })
    })

    it('with an index outside the listing is a fault and deletes nothing', async () => {
      const { store, ann } = await maildropOf('a')
      const maildrop = await store.openMaildrop(ann, holder)
      await expect(maildrop.update([0, 1])).rejects.toThrow(RangeError)
      await maildrop.release()
      expect(await uidlsOf(store, ann)).toEqual(['a'])
    })
  })

  it('keeps a message with several copies for those who still have it', async () => {
    const { store, ann } = await maildropOf()
    const bob = await store.addAccount({ name: 'bob' })
    const delivery = store.begin()
    await delivery.write(Buffer.from(plainText))
    await delivery.commit(
      factsOf(plainText),
      [copyFor(ann, { uidl: 'x' }), copyFor(bob, { uidl: 'x' })],
      'all',
    )
    await expunge(store, ann, 'x')
    bench().pass(1)
    expect(await store.clean(new Date(bench().now()))).toMatchObject({ messages: 1, contents: 0 })
    const maildrop = await store.openMaildrop(bob, holder)
    expect(await textOf(await maildrop.read(0))).toBe(plainText)
    await maildrop.release()
  })
}
