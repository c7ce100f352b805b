// The contract of the two forms of a message: each listed, and read, with the octets it has, whoever shares the listing.
import { describe, expect, it } from 'vitest'
import { layDown } from '../../src/mail/delivery/pipeline.ts'
import { copyFor, expunge, holder, octets, put, type StoreFactory, textOf, withStore } from './fixtures.ts'

const utf8 = (text: string) => Buffer.from(text).toString('latin1')
const content = utf8('Subject: ü\r\n\r\n.bödy\r\n')
const inAscii = `Subject: =?UTF-8?B?w7w=?=\r\n\r\n${utf8('.bödy')}\r\n`
const trace = 'Delivered-To: ann@x.example\r\n'
const utf8Trace = utf8('Delivered-To: ann@ü.example\r\n')
const asciiTrace = 'Delivered-To: ann@xn--tda.example\r\n'

export function messageFormsSuite(factory: StoreFactory): void {
  const bench = withStore(factory)

  /** An account with these messages, laid down as every message is. */
  async function accountWith(
    ...messages: readonly (readonly [uidl: string, trace: string, content: string])[]
  ) {
    const { store } = bench()
    const ann = await store.addAccount({ name: 'ann' })
    for (const [uidl, copyTrace, text] of messages) {
      const copies = [copyFor(ann, { uidl, trace: Buffer.from(copyTrace, 'latin1') })]
      await layDown(store, [Buffer.from(text, 'latin1')], { copies, mode: 'all' })
    }
    return { store, ann }
  }

  describe('a message with UTF-8 in its header', () => {
    it('is listed and read in both forms', async () => {
      const { store, ann } = await accountWith(
        ['plain', trace, 'Subject: a\r\n\r\nb\r\n'],
        ['header', trace, content],
        ['trace', utf8Trace, 'Subject: a\r\n\r\nb\r\n'],
        ['both', utf8Trace, content],
      )
      const maildrop = await store.openMaildrop(ann, holder)
      const expected = [
        `${trace}Subject: a\r\n\r\nb\r\n`,
        trace + inAscii,
        `${asciiTrace}Subject: a\r\n\r\nb\r\n`,
        asciiTrace + inAscii,
      ]
      const { listing } = maildrop
      expect([...(listing.ascii?.octets ?? [])]).toEqual(expected.map(({ length }) => length))
      expect(listing.ascii?.totalOctets).toBe(expected.reduce((sum, { length }) => sum + length, 0))
      expect(listing.ascii).toMatchObject({ count: 4, uidls: listing.uidls })
      for (const [index, text] of expected.entries()) {
        const message = await maildrop.read(index, 'ascii')
        expect(message.octets).toBe(text.length)
        expect(message.headerOctets).toBe(text.indexOf('\r\n\r\n') + 4)
        expect(await textOf(message)).toBe(text)
        const kept = await maildrop.read(index)
        expect(kept.octets).toBe(listing.octets[index])
        await textOf(kept)
      }
      expect(await textOf(await maildrop.read(3, 'utf8'))).toBe(utf8Trace + content)
      await maildrop.release()
    })

    it('makes no difference to who has none', async () => {
      const { store, ann } = await accountWith(['plain', trace, 'Subject: a\r\n\r\n' + utf8('bödy')])
      const maildrop = await store.openMaildrop(ann, holder)
      expect(maildrop.listing.ascii).toBeUndefined()
      expect((await maildrop.read(0, 'ascii')).octets).toBe(maildrop.listing.octets[0])
      await maildrop.release()
    })

    it('keeps its place in a listing that grows, and leaves with its last', async () => {
      const { store, ann } = await accountWith(['a', trace, content])
      const asciiOf = async () => {
        const maildrop = await store.openMaildrop(ann, holder)
        await maildrop.release()
        return maildrop.listing.ascii && [...maildrop.listing.ascii.octets]
      }
      const size = (trace + inAscii).length
      expect(await asciiOf()).toEqual([size])
      await put(store, ann, 'b', 'S: x\r\n\r\n')
      expect(await asciiOf()).toEqual([size, 8])
      await layDown(store, [octets(content)], { copies: [copyFor(ann, { uidl: 'c' })], mode: 'all' })
      expect(await asciiOf()).toEqual([size, 8, inAscii.length])
      await expunge(store, ann, 'a')
      expect(await asciiOf()).toEqual([8, inAscii.length])
      await expunge(store, ann, 'c')
      expect(await asciiOf()).toBeUndefined()
      await store.undelete(ann)
      expect((await asciiOf())?.toSorted()).toEqual([8, inAscii.length, size].toSorted())
    })

    it('may be large: only its header changes on the way', async () => {
      const body = `${'x'.repeat(998)}\r\n`.repeat(300)
      const { store, ann } = await accountWith(['large', trace, `${utf8('Subject: ü')}\r\n\r\n${body}`])
      const maildrop = await store.openMaildrop(ann, holder)
      const text = await textOf(await maildrop.read(0, 'ascii'))
      expect(text.length).toBe(maildrop.listing.ascii?.totalOctets)
      expect(text.endsWith(`\r\n\r\n${body}`)).toBe(true)
      await maildrop.release()
    })
  })
}
