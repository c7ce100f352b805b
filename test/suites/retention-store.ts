// The contract of RetentionStore: rules take what they name and nothing else, every deletion has its line in the audit,
// and quotas that run full are told of.
import { describe, expect, it } from 'vitest'
import type { RetentionRule } from '../../src/mail/retention.ts'
import {
  copyFor,
  deliver,
  expunge,
  fillMaildrop,
  holder,
  plainText,
  put,
  type StoreFactory,
  uidlsOf,
  withStore,
} from './fixtures.ts'

const day = 86_400_000

export function retentionStoreSuite(factory: StoreFactory): void {
  const bench = withStore(factory)

  const maildropOf = (...uidls: readonly string[]) => fillMaildrop(bench(), uidls)

  /** An account with messages of these ages, in days, the UIDLs being the ages; `big` ones have 1000 octets more. */
  async function maildropOfAges(ages: readonly number[], big: readonly number[] = [], folder?: string) {
    const { store } = bench()
    const ann = (await store.findAccount('ann')) ?? (await store.addAccount({ name: 'ann' }))
    for (const age of ages) {
      const internalDate = new Date(bench().now() - age * day)
      const text = big.includes(age) ? `${plainText}${'x'.repeat(998)}\r\n` : plainText
      const copy = copyFor(ann, { uidl: `${folder ?? ''}${age}`, internalDate, ...(folder && { folder }) })
      await deliver(store, [copy], text)
    }
    return { store, ann }
  }

  describe('applyRetention', () => {
    const cases: readonly (readonly [
      reason: string,
      rules: readonly RetentionRule[],
      left: readonly string[],
    ])[] = [
      ['without a rule all stays', [], ['9', '1', '30', '3']],
      ['what is as old as the rule says goes', [{ folder: 'INBOX', olderThanMs: 9 * day }], ['1', '3']],
      ['a folder is known in any case', [{ folder: 'inbox', olderThanMs: 30 * day }], ['9', '1', '3']],
      ['a rule for another folder', [{ folder: 'Trash', olderThanMs: day }], ['9', '1', '30', '3']],
      ['the rule for all folders', [{ folder: '*', olderThanMs: 30 * day }], ['9', '1', '3']],
      [
        'the rule for all, where the folder has its own',
        [
          { folder: '*', olderThanMs: day },
          { folder: 'INBOX', olderThanMs: 30 * day },
        ],
        ['9', '1', '3'],
      ],
      [
        'only the large, and only the old of them',
        [{ folder: 'INBOX', olderThanMs: 3 * day, largerThanOctets: 500 }],
        ['1', '30', '3'],
      ],
      ['the oldest by arrival go until the limit is met', [{ folder: 'INBOX', maxMessages: 2 }], ['30', '3']],
      ['a limit of octets', [{ folder: 'INBOX', maxOctets: 60 }], ['30', '3']],
      ['a limit that is met', [{ folder: 'INBOX', maxMessages: 4, maxOctets: 3000 }], ['9', '1', '30', '3']],
      ['a limit of nothing', [{ folder: 'INBOX', maxMessages: 0 }], []],
      [
        'an age and a limit',
        [
          { folder: 'INBOX', olderThanMs: 9 * day },
          { folder: 'INBOX', maxMessages: 1 },
        ],
        ['3'],
      ],
      [
        'a limit of octets that an age has met already',
        [
          { folder: 'INBOX', olderThanMs: 9 * day },
          { folder: 'INBOX', maxOctets: 1500 },
        ],
        ['1', '3'],
      ],
      [
        'retrieval, where nothing was retrieved',
        [{ folder: 'INBOX', afterFetchMs: day }],
        ['9', '1', '30', '3'],
      ],
    ]
    it.each(cases)('%s', async (_reason, rules, left) => {
      const { store, ann } = await maildropOfAges([9, 1, 30, 3], [9, 1])
      const { messages } = await store.applyRetention(rules)
      expect(await uidlsOf(store, ann)).toEqual(left)
      expect(messages).toBe(4 - left.length)
      expect((await store.applyRetention(rules)).messages).toBe(0)
    })

    it('takes a message when its time comes, though nothing else changed', async () => {
      const { store, ann } = await maildropOfAges([1, 2])
      const rules = [{ folder: 'INBOX', olderThanMs: 3 * day }]
      expect((await store.applyRetention(rules)).messages).toBe(0)
      bench().pass(day)
      expect((await store.applyRetention(rules)).messages).toBe(1)
      expect(await uidlsOf(store, ann)).toEqual(['1'])
      bench().pass(day)
      expect((await store.applyRetention(rules)).messages).toBe(1)
    })

    it('takes by other rules at once when they change', async () => {
      const { store } = await maildropOfAges([1, 2])
      expect((await store.applyRetention([{ folder: 'INBOX', olderThanMs: 9 * day }])).messages).toBe(0)
      expect((await store.applyRetention([{ folder: 'INBOX', olderThanMs: 2 * day }])).messages).toBe(1)
    })

    it('counts from the first retrieval that a session noted', async () => {
      const { store, ann } = await maildropOfAges([40, 41, 42])
      const rules = [{ folder: 'INBOX', afterFetchMs: 7 * day }]
      const session = await store.openMaildrop(ann, holder)
      await session.noteRetrieved?.([0, 1])
      await session.release()
      bench().pass(6 * day)
      const again = await store.openMaildrop(ann, holder)
      await again.noteRetrieved?.([1, 2])
      await again.release()
      expect((await store.applyRetention(rules)).messages).toBe(0)
      bench().pass(day)
      expect((await store.applyRetention([{ folder: 'INBOX', afterFetchMs: 0 }])).messages).toBe(0)
      expect((await store.applyRetention(rules)).messages).toBe(2)
      expect(await uidlsOf(store, ann)).toEqual(['42'])
    })

    it('needs both ages where a rule names both', async () => {
      const { store, ann } = await maildropOfAges([2, 20])
      const session = await store.openMaildrop(ann, holder)
      await session.noteRetrieved?.([0, 1])
      await session.release()
      bench().pass(day)
      await store.applyRetention([{ folder: 'INBOX', afterFetchMs: day, olderThanMs: 10 * day }])
      expect(await uidlsOf(store, ann)).toEqual(['2'])
    })

    it('leaves an account alone that keeps its INBOX, and takes from one by its own days', async () => {
      const { store, ann } = await maildropOfAges([5, 50])
      await maildropOfAges([5, 50], [], 'Junk')
      const rules = [{ folder: '*', olderThanMs: day }]
      await store.changeSettings('ann', { expireDays: 'never' })
      expect((await store.applyRetention(rules)).messages).toBe(2)
      expect(await uidlsOf(store, ann)).toEqual(['5', '50'])
      await store.changeSettings('ann', { expireDays: 30 })
      expect((await store.applyRetention([])).messages).toBe(1)
      expect(await uidlsOf(store, ann)).toEqual(['5'])
    })

    it('leaves the listing of a session as it is, and can be undone', async () => {
      const { store, ann } = await maildropOfAges([5])
      const session = await store.openMaildrop(ann, holder)
      await store.applyRetention([{ folder: 'INBOX', olderThanMs: day }])
      expect(session.listing.uidls).toEqual(['5'])
      expect((await session.read(0)).octets).toBe(plainText.length)
      await session.update([0])
      expect(await store.undelete(ann)).toBe(1)
    })

    it('does nothing when it is told to stop', async () => {
      const { store, ann } = await maildropOfAges([5])
      await store.applyRetention([{ folder: 'INBOX', olderThanMs: day }], AbortSignal.abort())
      expect(await uidlsOf(store, ann)).toEqual(['5'])
    })

    it('takes more than one step', async () => {
      const { store, ann } = await maildropOf()
      await Promise.all(Array.from({ length: 450 }, (_, i) => put(store, ann, `u${i}`)))
      expect((await store.applyRetention([{ folder: '*', olderThanMs: day }])).messages).toBe(450)
      expect(await store.listDeletions('ann', { limit: 1000 })).toHaveLength(450)
    })
  })

  describe('the audit', () => {
    it('says who deleted what, when, from where, by which session', async () => {
      const { store, ann } = await maildropOf('a', 'b', 'c')
      bench().pass(5)
      const session = await store.openMaildrop(ann, {
        sessionId: 's7',
        peer: '192.0.2.7',
        protocol: 'pop3',
        appPassword: 'phone',
      })
      await session.update([1], [0])
      const lines = await store.listDeletions('ann')
      const line = {
        at: new Date(bench().now()),
        actor: 'ann (phone)',
        sessionId: 's7',
        peer: '192.0.2.7',
        protocol: 'pop3',
        folder: 'INBOX',
        octets: plainText.length + 3,
        fate: 'expunged',
      }
      expect(lines).toHaveLength(2)
      expect(lines).toContainEqual({ ...line, uidl: 'b', reason: 'dele' })
      expect(lines).toContainEqual({ ...line, uidl: 'a', reason: 'retrieved' })
      expect(await uidlsOf(store, ann)).toEqual(['c'])
    })

    it('has one line for each deletion, none for what was gone already, none for a session that lost its lock', async () => {
      const { store, ann } = await maildropOf('a', 'b')
      const first = await store.openMaildrop(ann, holder)
      await store.breakLease('ann')
      await expunge(store, ann, 'a')
      await expect(first.update([0, 1])).rejects.toMatchObject({ code: 'lease-lost' })
      await first.release()
      const session = await store.openMaildrop(ann, holder)
      await session.update([0])
      expect((await store.listDeletions('ann')).map(({ uidl }) => uidl).sort()).toEqual(['a', 'b'])
    })

    it('names the rule for Trash as such', async () => {
      const { store } = await maildropOfAges([5], [], 'Trash')
      await maildropOfAges([6])
      await store.applyRetention([{ folder: '*', olderThanMs: day }])
      const lines = await store.listDeletions('ann')
      expect(lines.map(({ folder, reason }) => [folder, reason]).sort()).toEqual([
        ['INBOX', 'retention'],
        ['Trash', 'trash'],
      ])
    })

    it('keeps the lines of an account that was removed, and of its namesake after it', async () => {
      const { store, ann } = await maildropOf('a', 'b', 'c')
      await expunge(store, ann, 'a')
      bench().pass(1)
      await store.removeAccount('ann', 'root')
      const lines = await store.listDeletions('ann')
      expect(lines.map(({ uidl, reason, actor }) => [uidl, reason, actor]).sort()).toEqual([
        ['a', 'dele', 'ann'],
        ['b', 'account', 'root'],
        ['c', 'account', 'root'],
      ])
      bench().pass(1)
      const { ann: next } = await maildropOf('d')
      await expunge(store, next, 'd')
      expect(await store.listDeletions('ann')).toHaveLength(4)
      expect(await store.listDeletions('bob')).toEqual([])
    })

    it('is listed by time, by session, and the latest of many', async () => {
      const { store, ann } = await maildropOf('a', 'b', 'c')
      for (const uidl of ['a', 'b', 'c']) {
        bench().pass(1000)
        await expunge(store, ann, uidl)
      }
      const list = async (query: Parameters<typeof store.listDeletions>[1]) =>
        (await store.listDeletions('ann', query)).map(({ uidl }) => uidl)
      expect(await list({ since: new Date(bench().now() - 1000) })).toEqual(['b', 'c'])
      expect(await list({ limit: 1 })).toEqual(['c'])
      expect(await list({ sessionId: holder.sessionId })).toEqual(['a', 'b', 'c'])
      expect(await list({ sessionId: 'another' })).toEqual([])
    })

    it('is forgotten before a time, and not after', async () => {
      const { store, ann } = await maildropOf('a', 'b')
      await expunge(store, ann, 'a')
      bench().pass(1000)
      const before = new Date(bench().now())
      await expunge(store, ann, 'b')
      expect(await store.pruneDeletions(before)).toBe(1)
      expect(await store.pruneDeletions(before)).toBe(0)
      expect((await store.listDeletions('ann')).map(({ uidl }) => uidl)).toEqual(['b'])
    })

    it('is forgotten a step at a time where one session deleted very much', async () => {
      const { store, ann } = await maildropOf()
      const uidls = Array.from({ length: 1200 }, (_, i) => `u${i}`)
      await Promise.all(uidls.map(uidl => put(store, ann, uidl)))
      await expunge(store, ann, ...uidls)
      expect(await store.pruneDeletions(new Date(bench().now() + 1))).toBe(1200)
      expect(await store.listDeletions('ann')).toEqual([])
    })
  })

  describe('listQuotaUse', () => {
    it('names accounts that run full, and those that were told so until they were told otherwise', async () => {
      const { store, ann } = await maildropOf()
      await store.addAccount({ name: 'bob', quotaOctets: 1000 })
      await store.setQuota('ann', 100)
      expect(await store.listQuotaUse(80)).toEqual([])
      await put(store, ann, 'a', 'x'.repeat(78) + '\r\n')
      const full = await store.listQuotaUse(80)
      expect(full.map(({ account, warnedPercent }) => [account.name, warnedPercent])).toEqual([['ann', 0]])
      await store.noteQuotaWarning(ann, 80)
      await expunge(store, ann, 'a')
      expect(await store.listQuotaUse(80)).toMatchObject([{ account: { usedOctets: 0 }, warnedPercent: 80 }])
      await store.noteQuotaWarning(ann, 0)
      expect(await store.listQuotaUse(80)).toEqual([])
    })
  })
}
