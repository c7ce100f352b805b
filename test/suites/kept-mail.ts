// The contract of KeptMail.
import { Buffer } from 'node:buffer'
import { expect, it } from 'vitest'
import type { Account } from '../../src/mail/account.ts'
import type { Store } from '../../src/mail/store.ts'
import { copyFor, deliver, expunge, octets, plainText, type StoreFactory, withStore } from './fixtures.ts'

async function textsOf(store: Store, ...accounts: readonly Account[]): Promise<readonly string[]> {
  const texts: string[] = []
  for await (const { octets: expected, body } of store.keptMail(accounts)) {
    const pieces: Uint8Array[] = []
    for await (const piece of body) pieces.push(piece)
    const whole = Buffer.concat(pieces)
    expect(whole.length).toBe(expected)
    texts.push(whole.toString('latin1').replace(plainText, ''))
  }
  return texts.sort()
}

export function keptMailSuite(factory: StoreFactory): void {
  const bench = withStore(factory)

  it('is of all folders, without what stands before one copy alone, and of one account', async () => {
    const { store } = bench()
    const ann = await store.addAccount({ name: 'ann' })
    const bob = await store.addAccount({ name: 'bob' })
    const trace = octets('Delivered-To: ann\r\n')
    await deliver(store, [copyFor(ann, { trace })], `${plainText}in inbox`)
    await deliver(store, [copyFor(ann, { folder: 'Junk' })], `${plainText}junk`)
    await deliver(store, [copyFor(bob)], `${plainText}of bob`)
    expect(await textsOf(store, ann)).toEqual(['in inbox', 'junk'])
    const large = 'x'.repeat(300_000)
    await deliver(store, [copyFor(bob)], `${plainText}${large}`)
    expect(await textsOf(store, bob)).toEqual(['of bob', large])
  })

  it('has a content once, however many messages show it', async () => {
    const { store } = bench()
    const ann = await store.addAccount({ name: 'ann' })
    await deliver(store, [copyFor(ann), copyFor(ann)], `${plainText}twice`)
    await deliver(store, [copyFor(ann)], `${plainText}the same`)
    await deliver(store, [copyFor(ann)], `${plainText}the same`)
    expect(await textsOf(store, ann)).toEqual(['the same', 'the same', 'twice'])
    const bob = await store.addAccount({ name: 'bob' })
    await deliver(store, [copyFor(ann), copyFor(bob)], `${plainText}to both`)
    expect(await textsOf(store, bob, ann)).toEqual(['the same', 'the same', 'to both', 'twice'])
  })

  it('has what was deleted until it is freed', async () => {
    const { store, pass, now } = bench()
    const ann = await store.addAccount({ name: 'ann' })
    await deliver(store, [copyFor(ann, { uidl: 'u1' })], `${plainText}gone`)
    await deliver(store, [copyFor(ann, { uidl: 'u2' })], `${plainText}there`)
    await expunge(store, ann, 'u1')
    expect(await textsOf(store, ann)).toEqual(['gone', 'there'])
    pass(1000)
    await store.clean(new Date(now()))
    expect(await textsOf(store, ann)).toEqual(['there'])
  })

  it('is read whole where there is much', async () => {
    const { store } = bench()
    const ann = await store.addAccount({ name: 'ann' })
    const names = Array.from({ length: 450 }, (_, at) => `m${at}`)
    for (const name of names)
      await deliver(
        store,
        [copyFor(ann, { folder: name.endsWith('7') ? 'Junk' : 'INBOX' })],
        `${plainText}${name}`,
      )
    expect(await textsOf(store, ann)).toEqual([...names].sort())
  })
}
