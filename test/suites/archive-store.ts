// The contract of ArchiveStore: everything that is in the INBOX, with what an export needs of it, under no lock.
import { expect, it } from 'vitest'
import type { Account } from '../../src/mail/account.ts'
import type { Store } from '../../src/mail/store.ts'
import {
  copyFor,
  deliver,
  expunge,
  holder,
  octets,
  plainText,
  put,
  type StoreFactory,
  textOf,
  withStore,
} from './fixtures.ts'

export function archiveStoreSuite(factory: StoreFactory): void {
  const bench = withStore(factory)

  async function uidls(store: Store, account: Account): Promise<string[]> {
    const found: string[] = []
    for await (const { uidl } of store.messages(account)) found.push(uidl)
    return found
  }

  it('yields octets, UIDL, date and flags', async () => {
    const { store } = bench()
    const ann = await store.addAccount({ name: 'ann' })
    const internalDate = new Date('1999-12-31T23:59:59.987Z')
    const flags = ['seen', 'flagged'] as const
    await deliver(store, [copyFor(ann, { trace: octets('T: x\r\n'), internalDate, flags, uidl: 'u' })])
    for await (const message of store.messages(ann)) {
      expect(message).toMatchObject({ uidl: 'u', internalDate, flags, headerOctets: 24, dotLines: 0 })
      expect(await textOf(message)).toBe(`T: x\r\n${plainText}`)
    }
    expect(await store.countMessages(ann)).toBe(1)
  })

  it('yields more than a page, in order, without what is expunged', async () => {
    const { store } = bench()
    const ann = await store.addAccount({ name: 'ann' })
    const names = Array.from({ length: 401 }, (_, i) => `u${i}`)
    await Promise.all(names.map(uidl => put(store, ann, uidl)))
    await expunge(store, ann, 'u0', 'u200', 'u400')
    const left = names.filter(uidl => !['u0', 'u200', 'u400'].includes(uidl))
    expect(await uidls(store, ann)).toEqual(left)
    expect(await store.countMessages(ann)).toBe(left.length)
  })

  it('leaves out what is expunged while it goes on', async () => {
    const { store } = bench()
    const ann = await store.addAccount({ name: 'ann' })
    for (const uidl of ['a', 'b', 'c']) await put(store, ann, uidl)
    const messages = store.messages(ann)[Symbol.asyncIterator]()
    await messages.next()
    await expunge(store, ann, 'b')
    const rest: string[] = []
    for (let next = await messages.next(); !next.done; next = await messages.next())
      rest.push(next.value.uidl)
    expect(rest).toContain('c')
  })

  it('needs no lock, and finds nothing for an account that is gone', async () => {
    const { store } = bench()
    const ann = await store.addAccount({ name: 'ann' })
    await put(store, ann, 'a')
    const session = await store.openMaildrop(ann, holder)
    expect(await uidls(store, ann)).toEqual(['a'])
    await session.release()
    await store.removeAccount('ann')
    expect(await uidls(store, ann)).toEqual([])
    expect(await store.countMessages(ann)).toBe(0)
  })
}
