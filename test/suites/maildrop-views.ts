// The contract of MaildropStore where it shows a part of an account, and of Folders.
import { describe, expect, it } from 'vitest'
import type { Account } from '../../src/mail/account.ts'
import { layDown } from '../../src/mail/delivery/pipeline.ts'
import type { MaildropOptions } from '../../src/mail/maildrop-store.ts'
import { markOctets } from '../../src/mail/message/marked-subject.ts'
import type { Store } from '../../src/mail/store.ts'
import { copyFor, deliver, holder, indexOf, type StoreFactory, textOf, withStore } from './fixtures.ts'

const mark = { text: '[Junk]', folder: 'Junk' }
const added = markOctets(mark)

export function maildropViewsSuite(factory: StoreFactory): void {
  const bench = withStore(factory)

  /** Ann, with messages in folders: `uidl@folder`, received a second after the one before. */
  async function annWith(...messages: readonly string[]): Promise<{ store: Store; ann: Account }> {
    const { store } = bench()
    const ann = await store.addAccount({ name: 'ann' })
    await store.createFolder('ann', 'Lists')
    for (const [at, message] of messages.entries()) {
      const [uidl = '', folder = 'INBOX'] = message.split('@')
      const copy = copyFor(ann, { uidl, folder, internalDate: new Date(at * 1000) })
      expect(await deliver(store, [copy], `Subject: ${uidl}\r\n\r\n.${uidl}\r\n`)).toMatchObject([
        { delivered: true },
      ])
    }
    return { store, ann }
  }

  async function seen(store: Store, account: Account, options?: MaildropOptions): Promise<string> {
    const maildrop = await store.openMaildrop(account, holder, options)
    const { uidls, octets, totalOctets, count } = maildrop.listing
    expect(octets).toHaveLength(count)
    let total = 0
    for (let index = 0; index < count; index++) {
      const message = await maildrop.read(index)
      expect(message.octets).toBe(octets[index])
      expect((await textOf(message)).length).toBe(octets[index])
      total += message.octets
    }
    expect(totalOctets).toBe(total)
    await maildrop.release()
    return uidls.join(' ')
  }

  const five = ['a', 'b@Junk', 'c', 'd@Lists', 'e@junk'] as const

  it.each<[reason: string, options: MaildropOptions | undefined, uidls: string]>([
    ['INBOX, if nothing is said', undefined, 'a c'],
    ['INBOX by its name, in any case', { folder: 'inbox' }, 'a c'],
    ['one folder', { folder: 'LISTS' }, 'd'],
    ['a folder that nothing was put into yet', { folder: 'Trash' }, ''],
    ['INBOX, and Junk behind it', { junk: mark }, 'a c b e'],
    ['a folder, and Junk behind it', { folder: 'Lists', junk: mark }, 'd b e'],
    ['the newest', { newest: 1 }, 'c'],
    ['the newest of both, in the order of the folders', { junk: mark, newest: 3 }, 'c b e'],
    ['the newest of few', { newest: 9 }, 'a c'],
    ['what came in since', { since: 2000 }, 'c'],
    ['what came in since, in both', { junk: mark, since: 1000 }, 'c b e'],
    ['nothing so new', { since: 5000 }, ''],
    ['the newest of what came in since', { junk: mark, since: 1000, newest: 1 }, 'e'],
  ])('shows %s', async (_reason, options, uidls) => {
    const { store, ann } = await annWith(...five)
    expect(await seen(store, ann, options)).toBe(uidls)
  })

  it('marks messages of Junk, and says so in their octets', async () => {
    const { store, ann } = await annWith('a', 'b@Junk')
    const maildrop = await store.openMaildrop(ann, holder, { junk: mark })
    const [plain = 0, marked = 0] = maildrop.listing.octets
    expect(marked - plain).toBe(added)
    const message = await maildrop.read(1)
    const text = await textOf(message)
    expect(text).toMatch(/^Subject: \[Junk\] b\r\nX-Poplar-Folder: +Junk\r\n\r\n\.b\r\n$/)
    expect(text.slice(message.headerOctets)).toBe('.b\r\n')
    expect(message.dotLines).toBe(1)
    await maildrop.release()
  })

  it('downgrades first and marks then, to the octet, whatever is left out', async () => {
    const { store, ann } = await annWith('a', 'b@Junk')
    for (const [uidl, folder] of [
      ['c', 'Junk'],
      ['d', 'INBOX'],
    ] as const)
      await layDown(store, [Buffer.from(`Subject: п${uidl}\r\n\r\nx\r\n`)], {
        copies: [copyFor(ann, { uidl, folder, internalDate: new Date(9000) })],
        mode: 'all',
      })
    for (const options of [
      { junk: mark },
      { junk: mark, newest: 3 },
      { junk: mark, since: 9000 },
      { newest: 1 },
    ]) {
      const maildrop = await store.openMaildrop(ann, holder, options)
      const { listing } = maildrop
      expect(listing.ascii?.uidls).toEqual(listing.uidls)
      for (let index = 0; index < listing.count; index++) {
        const text = await textOf(await maildrop.read(index, 'ascii'))
        expect(text.length).toBe(listing.ascii?.octets[index])
        expect(text).toMatch(/^[\x00-\x7f]*$/)
      }
      await maildrop.release()
    }
  })

  it('refuses a folder that is not there, and keeps no lock', async () => {
    const { store, ann } = await annWith('a')
    await expect(store.openMaildrop(ann, holder, { folder: 'Work' })).rejects.toMatchObject({
      code: 'no-such-folder',
    })
    expect(await seen(store, ann)).toBe('a')
  })

  it('has one lock, whatever is shown', async () => {
    const { store, ann } = await annWith()
    const maildrop = await store.openMaildrop(ann, holder, { folder: 'Junk' })
    await expect(store.openMaildrop(ann, holder, { folder: 'Lists' })).rejects.toMatchObject({
      code: 'maildrop-in-use',
    })
    await maildrop.release()
  })

  it('shows what was sent to one of several', async () => {
    const { store, ann } = await annWith('own')
    for (const [uidl, addressee] of [
      ['1', 'john'],
      ['2', 'mary'],
      ['3', 'john'],
    ] as const)
      await deliver(store, [copyFor(ann, { uidl, addressee })])
    expect(await seen(store, ann, { addressee: 'john' })).toBe('1 3')
    expect(await seen(store, ann, { addressee: 'own' })).toBe('')
    await deliver(store, [copyFor(ann, { uidl: '4', addressee: 'john' })])
    expect(await seen(store, ann, { addressee: 'john' })).toBe('1 3 4')
    expect(await seen(store, ann)).toBe('own 1 2 3 4')
  })

  it('gives each unique-id once, in whatever folder', async () => {
    const { store, ann } = await annWith('a', 'b@Junk')
    for (const [uidl, folder] of [
      ['a', 'Junk'],
      ['b', 'INBOX'],
      ['b', 'Lists'],
    ] as const)
      expect(await deliver(store, [copyFor(ann, { uidl, folder })])).toEqual([
        { delivered: false, reason: 'duplicate-uidl' },
      ])
  })

  it('has mail for a folder that is not there in INBOX', async () => {
    const { store, ann } = await annWith()
    await deliver(store, [copyFor(ann, { uidl: 'a', folder: 'Work' })])
    expect(await seen(store, ann)).toBe('a')
  })

  it('takes back copies from their folders when one of the others is refused', async () => {
    const { store, ann } = await annWith()
    const bob = await store.addAccount({ name: 'bob', quotaOctets: 1 })
    const copies = [copyFor(ann, { uidl: 'a', folder: 'Junk' }), copyFor(bob)]
    expect(await deliver(store, copies, undefined, 'all')).toMatchObject([
      { delivered: false },
      { delivered: false },
    ])
    expect(await seen(store, ann, { junk: mark })).toBe('')
  })

  describe('what is deleted', () => {
    it.each<
      [
        policy: 'expunge' | 'trash' | 'hide',
        options: MaildropOptions,
        uidls: string,
        views: Record<string, string>,
      ]
    >([
      ['expunge', {}, 'a', { INBOX: 'c', Junk: 'b e', Trash: '' }],
      ['trash', {}, 'a', { INBOX: 'c', Junk: 'b e', Trash: 'a' }],
      ['hide', {}, 'a', { INBOX: 'c', Junk: 'b e', Trash: '' }],
      ['expunge', { junk: mark }, 'a e', { INBOX: 'c', Junk: 'b', Trash: '' }],
      ['trash', { junk: mark }, 'e a', { INBOX: 'c', Junk: 'b', Trash: 'e a' }],
      ['hide', { junk: mark }, 'e a', { INBOX: 'c', Junk: 'b', Trash: '' }],
      ['trash', { newest: 1 }, 'c', { INBOX: 'a', Junk: 'b e', Trash: 'c' }],
      ['trash', { folder: 'Lists' }, 'd', { INBOX: 'a c', Lists: '', Trash: 'd' }],
    ])('%s, with %o: %s', async (onDelete, options, uidls, views) => {
      const { store, ann } = await annWith(...five)
      const before = await store.findAccount('ann')
      const maildrop = await store.openMaildrop(ann, holder, { ...options, onDelete })
      await maildrop.update(uidls.split(' ').map(uidl => indexOf(maildrop, uidl)))
      for (const [folder, expected] of Object.entries(views))
        expect(await seen(store, ann, { folder })).toBe(expected)
      const after = await store.findAccount('ann')
      const gone = onDelete === 'expunge' ? uidls.split(' ').length : 0
      expect(after?.usedMessages).toBe((before?.usedMessages ?? 0) - gone)
    })

    it('from Trash is gone, even where it would move there', async () => {
      const { store, ann } = await annWith('a@Trash')
      const maildrop = await store.openMaildrop(ann, holder, { folder: 'Trash', onDelete: 'trash' })
      await maildrop.update([0])
      expect(await seen(store, ann, { folder: 'trash' })).toBe('')
      expect(await store.countExpunged(ann)).toBe(1)
    })

    it('moves to Trash with its octets and date, and can be deleted there', async () => {
      const { store, ann } = await annWith('a', 'b')
      const maildrop = await store.openMaildrop(ann, holder, { onDelete: 'trash' })
      const octets = maildrop.listing.octets[0]
      await maildrop.update([0])
      const trash = await store.openMaildrop(ann, holder, { folder: 'Trash', since: 0, newest: 1 })
      expect(trash.listing.octets[0]).toBe(octets)
      expect(trash.listing.uidls).toEqual(['a'])
      await trash.update([0])
      expect(await seen(store, ann, { folder: 'Trash' })).toBe('')
    })

    it('is still there for others when POP3 hides it', async () => {
      const { store, ann } = await annWith('a', 'b')
      const maildrop = await store.openMaildrop(ann, holder, { onDelete: 'hide' })
      await maildrop.update([0])
      const kept: string[] = []
      for await (const { uidl } of store.messages(ann)) kept.push(uidl)
      expect(kept).toEqual(['a', 'b'])
      expect(await store.countMessages(ann)).toBe(2)
      expect(await seen(store, ann)).toBe('b')
    })

    it('stays, all of it, when the lock was lost', async () => {
      const { store, ann } = await annWith(...five)
      for (const onDelete of ['trash', 'hide', 'expunge'] as const) {
        const maildrop = await store.openMaildrop(ann, holder, { junk: mark, onDelete })
        await store.breakLease('ann')
        await expect(maildrop.update([0, 2])).rejects.toMatchObject({ code: 'lease-lost' })
        await maildrop.release()
      }
      expect(await seen(store, ann, { junk: mark })).toBe('a c b e')
    })

    it('can still be read by a session that lists it', async () => {
      const { store, ann } = await annWith('a', 'b@Junk')
      const first = await store.openMaildrop(ann, holder, { junk: mark })
      await store.breakLease('ann')
      const other = await store.openMaildrop(ann, holder, { junk: mark, onDelete: 'trash' })
      await other.update([0, 1])
      for (const index of [0, 1])
        expect((await textOf(await first.read(index))).length).toBe(first.listing.octets[index])
      await first.release()
    })
  })

  describe('folders', () => {
    it('are there when made, and some without', async () => {
      const { store, ann } = await annWith()
      const { id } = ann
      for (const name of ['INBOX', 'inbox', 'Junk', 'TRASH', 'Lists', 'lists'])
        expect(await store.hasFolder(id, name), name).toBe(true)
      for (const name of ['Work', '', 'INBOXES']) expect(await store.hasFolder(id, name), name).toBe(false)
      expect(await store.hasFolder('nobody', 'INBOX')).toBe(false)
    })

    it('are listed with what is in them', async () => {
      const { store, ann } = await annWith('a', 'bb@Junk', 'c@junk')
      expect(await store.listFolders(ann.id)).toEqual([
        { name: 'INBOX', messages: 1, octets: 18 },
        { name: 'Junk', messages: 2, octets: 38 },
        { name: 'Lists', messages: 0, octets: 0 },
      ])
      expect(await store.listFolders('nobody')).toEqual([])
    })

    it('are made once', async () => {
      const { store } = await annWith('a@Junk')
      for (const name of ['Lists', 'LISTS', 'inbox', 'Junk'])
        await expect(store.createFolder('ann', name), name).rejects.toMatchObject({ code: 'folder-exists' })
      await expect(store.createFolder('bob', 'Lists')).rejects.toMatchObject({ code: 'no-such-account' })
    })

    it('are removed when empty; what was deleted from them comes back into INBOX', async () => {
      const { store, ann } = await annWith('a@Lists', 'b@Lists', 'c')
      await expect(store.removeFolder('ann', 'lists')).rejects.toMatchObject({ code: 'folder-not-empty' })
      const maildrop = await store.openMaildrop(ann, holder, { folder: 'Lists' })
      await maildrop.update([0, 1])
      await store.removeFolder('ann', 'lists')
      await expect(store.removeFolder('ann', 'lists')).rejects.toMatchObject({ code: 'no-such-folder' })
      await expect(store.openMaildrop(ann, holder, { folder: 'Lists' })).rejects.toMatchObject({
        code: 'no-such-folder',
      })
      expect(await seen(store, ann)).toBe('c')
      expect(await store.undelete(ann)).toBe(2)
      expect(await seen(store, ann)).toBe('c a b')
    })

    it('always have INBOX among them', async () => {
      const { store } = await annWith()
      await expect(store.removeFolder('ann', 'Inbox')).rejects.toMatchObject({ code: 'bad-name' })
      await expect(store.removeFolder('bob', 'Inbox')).rejects.toMatchObject({ code: 'no-such-account' })
    })
  })
}
