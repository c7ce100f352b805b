// The contract of DeliveryTarget: copies that stand or fall together, quotas, unique-ids, and octets that come out as they went in.
import { describe, expect, it } from 'vitest'
import type { Account } from '../../src/mail/account.ts'
import type { Store } from '../../src/mail/store.ts'
import {
  copyFor,
  deliver,
  expunge,
  factsOf,
  holder,
  octets,
  plainText,
  put,
  type StoreFactory,
  textOf,
  uidlsOf,
  withStore,
} from './fixtures.ts'

export function deliveryTargetSuite(factory: StoreFactory): void {
  const bench = withStore(factory)
  const account = (name: string, quotaOctets = 0) => bench().store.addAccount({ name, quotaOctets })

  async function readBack(store: Store, to: Account): Promise<string[]> {
    const maildrop = await store.openMaildrop(to, holder)
    const texts: string[] = []
    for (let index = 0; index < maildrop.listing.count; index++)
      texts.push(await textOf(await maildrop.read(index)))
    await maildrop.release()
    return texts
  }

  it.each([
    ['', 'no octets at all'],
    ['A: b\r\n\r\n', 'a header only'],
    ['no empty line\r\n', 'no empty line'],
    ['\r\nbody\r\n', 'an empty header'],
    ['A: b\r\n\r\n.\r\n..\r\n.x\r\n', 'lines that begin with a dot'],
    ['A: b\r\n\r\n\0\r\xff\x80\r\n', 'NUL, a lone CR, high octets'],
  ])('keeps %j to the octet (%s)', async text => {
    const ann = await account('ann')
    const { store } = bench()
    await deliver(store, [copyFor(ann, { trace: octets('T: ann\r\n') })], text)
    const maildrop = await store.openMaildrop(ann, holder)
    const message = await maildrop.read(0)
    expect(await textOf(message)).toBe(`T: ann\r\n${text}`)
    expect(message).toMatchObject({
      octets: text.length + 8,
      headerOctets: factsOf(text).headerOctets + 8,
      dotLines: factsOf(text).dotLines,
    })
    expect(maildrop.listing.octets[0]).toBe(text.length + 8)
    await maildrop.release()
  })

  it.each([
    1, 4095, 65_535, 65_536, 65_537, 262_144, 262_145, 1_000_000,
  ])('keeps %i octets, however they were cut', async size => {
    const ann = await account('ann')
    const { store } = bench()
    const line = 'abcdefghijklmnopqrstuvwxyz0123456789\r\n'
    const text = `A: b\r\n\r\n${line.repeat(Math.ceil(size / line.length)).slice(0, size)}`
    const delivery = store.begin()
    for (let at = 0, step = 1; at < text.length; at += step, step = (step * 7 + 1) % 100_003) {
      await delivery.write(octets(text.slice(at, at + step)))
    }
    expect(await delivery.commit(factsOf(text), [copyFor(ann)], 'all')).toMatchObject([{ delivered: true }])
    expect((await readBack(store, ann))[0] === text).toBe(true)
  })

  it('makes the UIDL, or keeps the one it is given', async () => {
    const ann = await account('ann')
    const { store } = bench()
    const [made] = await deliver(store, [copyFor(ann)])
    expect(made).toMatchObject({
      delivered: true,
      uidl: expect.stringMatching(/^[\x21-\x7e]{1,70}$/) as string,
    })
    await put(store, ann, '~'.repeat(70))
    expect((await uidlsOf(store, ann))[1]).toBe('~'.repeat(70))
  })

  it.each([
    ['', 'empty'],
    ['a b', 'a space'],
    ['a\r\n.', 'a line end'],
    ['é', 'not ASCII'],
    ['x'.repeat(71), '71 characters'],
  ])('refuses the UIDL %j (%s)', async uidl => {
    const ann = await account('ann')
    const { store } = bench()
    await expect(deliver(store, [copyFor(ann, { uidl })])).rejects.toMatchObject({ code: 'bad-uidl' })
    expect(await uidlsOf(store, ann)).toEqual([])
  })

  it('refuses a UIDL the maildrop has, or had and still keeps', async () => {
    const ann = await account('ann')
    const bob = await account('bob')
    const { store } = bench()
    await put(store, ann, 'one')
    const again = [copyFor(ann, { uidl: 'one' }), copyFor(bob, { uidl: 'one' })]
    const outcomes = [
      { delivered: false, reason: 'duplicate-uidl' },
      { delivered: true, uidl: 'one' },
    ]
    expect(await deliver(store, again)).toEqual(outcomes)
    await expunge(store, ann, 'one')
    expect(await deliver(store, [copyFor(ann, { uidl: 'one' })])).toEqual([outcomes[0]])
    expect(await store.findAccount('ann')).toMatchObject({ usedMessages: 0, usedOctets: 0 })
  })

  it('shares the content, not the trace', async () => {
    const names = Array.from({ length: 100 }, (_, i) => `user${i}`)
    const accounts = await Promise.all(names.map(name => account(name)))
    const { store } = bench()
    const copies = accounts.map(to => copyFor(to, { trace: octets(`Delivered-To: ${to.name}\r\n`) }))
    expect(await deliver(store, copies, plainText, 'all')).toHaveLength(100)
    expect(await store.checkIntegrity()).toEqual({ faults: [], messages: 100, contents: 1 })
    const last = accounts.at(-1)
    expect(last && (await readBack(store, last))).toEqual([`Delivered-To: user99\r\n${plainText}`])
  })

  it('puts two copies to one account into it twice', async () => {
    const ann = await account('ann')
    const { store } = bench()
    await deliver(store, [copyFor(ann, { uidl: 'a' }), copyFor(ann, { uidl: 'b' })], plainText, 'all')
    expect(await uidlsOf(store, ann)).toEqual(['a', 'b'])
  })

  describe('quota', () => {
    it('is a limit that may be reached and not passed', async () => {
      const ann = await account('ann', 2 * plainText.length)
      const { store } = bench()
      await put(store, ann, 'a')
      await put(store, ann, 'b')
      expect(await deliver(store, [copyFor(ann)], 'x\r\n')).toEqual([
        { delivered: false, reason: 'over-quota' },
      ])
      await expunge(store, ann, 'a')
      await put(store, ann, 'c')
    })

    it('counts the copies of one delivery together, and the trace', async () => {
      const ann = await account('ann', 2 * plainText.length + 5)
      const { store } = bench()
      const copy = copyFor(ann, { trace: octets('A: \r\n') })
      expect(await deliver(store, [copy, copy])).toMatchObject([
        { delivered: true },
        { delivered: false, reason: 'over-quota' },
      ])
    })
  })

  describe('with one refused copy of three', () => {
    async function deliverToThree(mode: 'all' | 'each', text: string) {
      const { store } = bench()
      const accounts = [await account('ann'), await account('full', 1), await account('bob')]
      const outcomes = await deliver(
        store,
        accounts.map(to => copyFor(to, { uidl: to.name })),
        text,
        mode,
      )
      const found = await Promise.all(accounts.map(to => uidlsOf(store, to)))
      return { outcomes, found: found.flat(), report: await store.checkIntegrity() }
    }
    const refused = { delivered: false, reason: 'over-quota' }
    const texts = [plainText, `A: b\r\n\r\n${'x'.repeat(600_000)}\r\n`]

    it.each(texts)('`each` delivers the others', async text => {
      const { outcomes, found } = await deliverToThree('each', text)
      expect(outcomes).toEqual([{ delivered: true, uidl: 'ann' }, refused, { delivered: true, uidl: 'bob' }])
      expect(found).toEqual(['ann', 'bob'])
    })

    it.each(texts)('`all` delivers none, and keeps nothing', async text => {
      const { outcomes, found, report } = await deliverToThree('all', text)
      expect(outcomes).toEqual([refused, refused, refused])
      expect(found).toEqual([])
      expect(report).toEqual({ faults: [], messages: 0, contents: 0 })
    })
  })

  describe('in groups', () => {
    it.each<[string, number[][], string[], boolean[]]>([
      ['a group falls together', [[0, 1], [2]], ['bob'], [false, false, true]],
      ['whatever the order in it', [[1, 0], [2]], ['bob'], [false, false, true]],
      [
        'a copy of two groups stands with the later',
        [
          [0, 1],
          [2, 0],
        ],
        ['ann', 'bob'],
        [true, false, true],
      ],
      [
        'and with the earlier, once',
        [
          [2, 0],
          [0, 1],
        ],
        ['ann', 'bob'],
        [true, false, true],
      ],
      ['one refused copy in every group', [[0, 1], [1, 2], [1]], [], [false, false, false]],
    ])('%s: %j delivers to %j', async (_reason, groups, names, delivered) => {
      const { store } = bench()
      const accounts = [await account('ann'), await account('full', 1), await account('bob')]
      const copies = accounts.map(to => copyFor(to, { uidl: to.name }))
      const outcomes = await deliver(store, copies, plainText, groups)
      expect(outcomes.map(outcome => outcome.delivered)).toEqual(delivered)
      expect((await Promise.all(accounts.map(to => uidlsOf(store, to)))).flat()).toEqual(names)
      const used = (await store.listAccounts()).map(({ usedMessages }) => usedMessages)
      expect(used.reduce((sum, messages) => sum + messages)).toBe(names.length)
      expect(await store.checkIntegrity()).toMatchObject({ faults: [], messages: names.length })
    })

    it('gives back the room and the UIDL of a copy that falls with another', async () => {
      const { store } = bench()
      const ann = await account('ann', plainText.length)
      const full = await account('full', 1)
      const copy = copyFor(ann, { uidl: 'a' })
      expect(await deliver(store, [copy, copyFor(full), copy], plainText, [[0, 1], [2]])).toEqual([
        { delivered: false, reason: 'over-quota' },
        { delivered: false, reason: 'over-quota' },
        { delivered: true, uidl: 'a' },
      ])
    })

    it.each([
      [[[0]], 'a copy in no group'],
      [[[0, 1, 2]], 'a copy that is not there'],
      [[[0, 0.5]], 'what is no index'],
    ])('throws for %j: %s', async groups => {
      const { store } = bench()
      const ann = await account('ann')
      await expect(deliver(store, [copyFor(ann), copyFor(ann)], plainText, groups)).rejects.toThrow(
        'not made of its copies',
      )
      expect(await uidlsOf(store, ann)).toEqual([])
    })
  })

  it('keeps nothing when every copy is refused', async () => {
    const { store } = bench()
    const full = await account('full', 1)
    const gone = await account('gone')
    await store.removeAccount('gone')
    expect(await deliver(store, [copyFor(full), copyFor(gone)])).toEqual([
      { delivered: false, reason: 'over-quota' },
      { delivered: false, reason: 'no-such-account' },
    ])
    expect(await store.checkIntegrity()).toEqual({ faults: [], messages: 0, contents: 0 })
  })

  it('does not deliver to an account that was made anew under the name', async () => {
    const { store } = bench()
    const before = await account('ann')
    await store.removeAccount('ann')
    const after = await account('ann')
    expect(await deliver(store, [copyFor(before)])).toEqual([{ delivered: false, reason: 'no-such-account' }])
    expect(await uidlsOf(store, after)).toEqual([])
  })

  describe('abort', () => {
    it.each([10, 1_000_000])('forgets %i octets, and may be called twice', async size => {
      const { store } = bench()
      const delivery = store.begin()
      await delivery.write(octets('x'.repeat(size)))
      await delivery.abort()
      await delivery.abort()
      await expect(delivery.write(octets('x'))).rejects.toThrow('has ended')
      expect(await store.checkIntegrity()).toEqual({ faults: [], messages: 0, contents: 0 })
    })

    it.each([10, 1_000_000])('after the commit of %i octets does nothing', async size => {
      const ann = await account('ann')
      const { store } = bench()
      const text = `A: b\r\n\r\n${'x'.repeat(size)}\r\n`
      const delivery = store.begin()
      await delivery.write(octets(text))
      await delivery.commit(factsOf(text), [copyFor(ann)], 'all')
      await delivery.abort()
      expect((await readBack(store, ann))[0] === text).toBe(true)
    })
  })

  it('ends with its commit', async () => {
    const ann = await account('ann')
    const delivery = bench().store.begin()
    await delivery.write(octets(plainText))
    await delivery.commit(factsOf(plainText), [copyFor(ann)], 'all')
    await expect(delivery.commit(factsOf(plainText), [copyFor(ann)], 'all')).rejects.toThrow('has ended')
    expect(await uidlsOf(bench().store, ann)).toHaveLength(1)
  })
}
