import { describe, expect, it } from 'vitest'
import { createMailDelivery } from '../../../src/mail/delivery/deliver.ts'
import { layDown } from '../../../src/mail/delivery/pipeline.ts'
import type { Envelope } from '../../../src/mail/envelope.ts'
import { isRefusal, Refusal } from '../../../src/mail/errors.ts'
import type { Octets } from '../../../src/mail/octets.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { collected } from '../../suites/collection-ledger.ts'
import { CountingTarget } from './counting-target.ts'

const envelope: Envelope = {
  reversePath: 'x@elsewhere.example',
  forwardPaths: ['ann@example.org'],
  peerAddress: '192.0.2.1',
  heloName: 'client.example',
  protocol: 'ESMTP',
  smtpUtf8: false,
  sessionId: 's1',
  receivedAt: new Date('2026-11-20T12:00:00Z'),
}

const message = [Buffer.from('Subject: x\n\n.dot\n')]

async function office(change: { maxOctets?: number; bareNewline?: 'reject' } = {}) {
  const store = createMemoryStore()
  await store.addAccount({ name: 'ann' })
  await store.addAccount({ name: 'bob' })
  await store.addAccount({ name: 'small', quotaOctets: 400 })
  await store.addAlias({ address: 'team@example.org', accountName: 'ann' })
  await store.addAlias({ address: 'team@example.org', accountName: 'bob' })
  await store.addAlias({ address: 'tight@example.org', accountName: 'ann' })
  await store.addAlias({ address: 'tight@example.org', accountName: 'small' })
  const target = new CountingTarget()
  const options = {
    directory: store,
    hostname: 'mx.example.org',
    localDomains: ['example.org'],
    subaddressSeparator: '+',
    maxOctets: change.maxOctets ?? 1_000,
    bareNewline: change.bareNewline ?? ('normalize' as const),
  }
  const delivery = createMailDelivery({ ...options, target })
  /** The same, laying down in the store itself. */
  const storing = createMailDelivery({ ...options, target: store })
  const recipients = async (...paths: string[]) =>
    Promise.all(
      paths.map(async path => {
        const { recipient } = await delivery.resolve(path)
        if (!recipient) throw new Error(`${path} does not resolve`)
        return recipient
      }),
    )
  return { store, target, delivery, storing, recipients }
}

describe('resolving a forward-path', () => {
  it.each([
    ['nobody@example.org', 0, 'unknown-user', 'nobody there'],
    ['ann@elsewhere.example', 0, 'not-local', 'a foreign domain'],
    ['ann@@example.org', 0, 'bad-address', 'no address'],
    ['small@example.org', 401, 'over-quota', 'no room for what is announced'],
    ['tight@example.org', 401, 'over-quota', 'one of several has no room'],
  ])('%s with %i octets is refused as %s: %s', async (path, octets, refusal) => {
    const { delivery } = await office()
    expect(await delivery.resolve(path, octets)).toEqual({ refusal })
  })

  it('has room for exactly the quota, and for anything where there is none', async () => {
    const { delivery } = await office()
    expect(await delivery.resolve('small', 400)).toHaveProperty('recipient')
    expect(await delivery.resolve('ann', 1e12)).toHaveProperty('recipient')
  })

  it('gives the address in its one form, and every account behind it', async () => {
    const { recipients } = await office()
    const [recipient] = await recipients('"team"@EXAMPLE.org')
    expect(recipient?.address).toBe('team@example.org')
    expect(recipient?.accounts.map(({ name }) => name)).toEqual(['ann', 'bob'])
  })
})

describe('delivering', () => {
  it('shares one content that begins with Received; each copy has its own trace', async () => {
    const { target, delivery, recipients } = await office()
    const receipt = await delivery.deliver(
      envelope,
      message,
      await recipients('ann', 'bob@example.org'),
      'each',
    )
    const [laid] = target.laid
    expect(laid?.content).toMatch(
      /^Received: from client\.example .*id D1.*\r\nSubject: x\r\n\r\n\.dot\r\n$/s,
    )
    expect(laid?.facts).toEqual({
      headerOctets: (laid?.octets ?? 0) - '.dot\r\n'.length,
      dotLines: 1,
    })
    expect(laid?.copies.map(({ trace }) => Buffer.from(trace).toString())).toEqual([
      'Return-Path: <x@elsewhere.example>\r\nDelivered-To: ann\r\n',
      'Return-Path: <x@elsewhere.example>\r\nDelivered-To: bob@example.org\r\n',
    ])
    expect(laid?.copies.map(({ internalDate }) => internalDate)).toEqual([
      envelope.receivedAt,
      envelope.receivedAt,
    ])
    expect(receipt).toEqual({
      id: 'D1',
      octets: laid?.octets,
      outcomes: [{ delivered: true }, { delivered: true }],
    })
    expect(laid?.writes).toBe(1)
  })

  it('makes one copy of what leads to one account twice, and answers for each', async () => {
    const { target, delivery, recipients } = await office()
    const receipt = await delivery.deliver(
      envelope,
      message,
      await recipients('bob', 'team@example.org', 'bob'),
      'each',
    )
    expect(target.laid[0]?.copies.map(({ account }) => account.name)).toEqual(['bob', 'ann'])
    expect(receipt.outcomes).toHaveLength(3)
  })

  describe('of recipients one of which is refused, for one of the accounts behind it has no room', () => {
    const bulky = [Buffer.from('x'.repeat(500))]
    const refused = { delivered: false, reason: 'over-quota' }
    const delivered = { delivered: true }

    it.each([
      ['its copies fall, others stand', ['tight@example.org', 'bob'], [refused, delivered], [0, 1]],
      ['one account has another recipient', ['tight@example.org', 'ann'], [refused, delivered], [1, 0]],
      ['the same in the other order', ['ann', 'tight@example.org'], [delivered, refused], [1, 0]],
      ['an alias with room', ['team@example.org', 'small'], [delivered, refused], [1, 1]],
    ])('with `each`, %s: %j', async (_reason, paths, outcomes, [ann, bob]) => {
      const { storing, recipients, store } = await office()
      const receipt = await storing.deliver(envelope, bulky, await recipients(...paths), 'each')
      expect(receipt.outcomes).toEqual(outcomes)
      const used = async (name: string) => (await store.findAccount(name))?.usedMessages
      expect([await used('ann'), await used('bob'), await used('small')]).toEqual([ann, bob, 0])
    })

    it('with `all` nobody receives', async () => {
      const { storing, recipients, store } = await office()
      const to = await recipients('tight@example.org', 'bob')
      expect((await storing.deliver(envelope, bulky, to, 'all')).outcomes).toEqual([refused, refused])
      expect((await store.findAccount('bob'))?.usedMessages).toBe(0)
    })

    it('a sender who tries again doubles nothing', async () => {
      const { storing, recipients, store } = await office()
      const to = await recipients('tight@example.org')
      await storing.deliver(envelope, bulky, to, 'each')
      await store.setQuota('small', 0)
      expect((await storing.deliver(envelope, bulky, to, 'each')).outcomes).toEqual([delivered])
      expect((await store.findAccount('ann'))?.usedMessages).toBe(1)
    })
  })

  it('says it when the account has gone since it was resolved', async () => {
    const { storing, recipients, store } = await office()
    const to = await recipients('bob')
    await store.removeAccount('bob')
    expect((await storing.deliver(envelope, message, to, 'all')).outcomes).toEqual([
      { delivered: false, reason: 'no-such-account' },
    ])
  })

  it('hands the record of a collected message on, and says when it was collected already', async () => {
    const { store, target, delivery, storing, recipients } = await office()
    const to = await recipients('team@example.org', 'ann@example.org')
    const record = collected('k')
    await delivery.deliver(envelope, message, to, 'all', { collected: record })
    await delivery.deliver(envelope, message, to, 'all')
    expect(target.laid.map(laid => laid.collected)).toEqual([record, undefined])
    const first = await storing.deliver(envelope, message, to, 'all', { collected: record })
    expect(first.outcomes).toEqual([{ delivered: true }, { delivered: true }])
    const second = await storing.deliver(envelope, message, to, 'all', { collected: record })
    const known = { delivered: false, reason: 'already-collected' }
    expect(second.outcomes).toEqual([known, known])
    expect((await store.findAccount('ann'))?.usedMessages).toBe(1)
    expect([...(await store.loadRecords('gmail')).keys()]).toEqual(['k'])
    await expect(
      storing.deliver(envelope, message, to, 'each', { collected: collected('other') }),
    ).rejects.toThrow(/a delivery with a record/)
  })

  it('takes a message of exactly the limit, trace not counted, and refuses one octet more', async () => {
    const { target, delivery, recipients } = await office({ maxOctets: 100 })
    const to = await recipients('ann')
    await delivery.deliver(envelope, [Buffer.from(`${'x'.repeat(98)}\r\n`)], to, 'all')
    await expect(
      delivery.deliver(envelope, [Buffer.from(`${'x'.repeat(99)}\r\n`)], to, 'all'),
    ).rejects.toSatisfy(error => isRefusal(error, 'message-too-large'))
    await expect(
      delivery.deliver(envelope, [Buffer.from('x'.repeat(99))], to, 'all'),
      'the CRLF that is added counts',
    ).rejects.toSatisfy(error => isRefusal(error, 'message-too-large'))
    expect([target.laid.length, target.open]).toEqual([1, 0])
  })

  it('stops reading a large message where it gets too large', async () => {
    const { target, delivery, recipients } = await office({ maxOctets: 1_000_000 })
    let read = 0
    let closed = false
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          read += 1
          yield Buffer.alloc(100_000, 'x')
        }
      } finally {
        closed = true
      }
    }
    await expect(delivery.deliver(envelope, endless(), await recipients('ann'), 'all')).rejects.toThrow(
      Refusal,
    )
    expect({ read, closed, open: target.open }).toEqual({ read: 11, closed: true, open: 0 })
  })

  it('refuses a bare LF when told to, and takes the same with CRLF', async () => {
    const { target, delivery, recipients } = await office({ bareNewline: 'reject' })
    const to = await recipients('ann')
    await expect(delivery.deliver(envelope, message, to, 'all')).rejects.toSatisfy(error =>
      isRefusal(error, 'bare-newline'),
    )
    await delivery.deliver(envelope, [Buffer.from('Subject: x\r'), Buffer.from('\n\r\n')], to, 'all')
    expect([target.laid.length, target.open]).toEqual([1, 0])
  })
})

describe('laying down', () => {
  it('hands a record on', async () => {
    const target = new CountingTarget()
    const record = collected('k')
    await layDown(target, message, { copies: [], mode: 'all', collected: record })
    expect(target.laid.map(laid => laid.collected)).toEqual([record])
  })

  it('adds nothing of its own for an import, and hands uidl, date and flags on', async () => {
    const store = createMemoryStore()
    const account = await store.addAccount({ name: 'ann' })
    const internalDate = new Date('2001-02-03T04:05:06Z')
    const copy = { account, trace: new Uint8Array(0), internalDate, uidl: 'kept', flags: ['seen'] as const }
    const { outcomes } = await layDown(store, [Buffer.from('Subject: x\n\nbody')], {
      copies: [copy],
      mode: 'all',
    })
    expect(outcomes).toEqual([{ delivered: true, uidl: 'kept' }])
    for await (const stored of store.messages(account)) {
      const octets: Uint8Array[] = []
      for await (const chunk of stored.body) octets.push(chunk)
      expect(Buffer.concat(octets).toString()).toBe('Subject: x\r\n\r\nbody\r\n')
      expect(stored).toMatchObject({ uidl: 'kept', internalDate, flags: ['seen'], headerOctets: 14 })
    }
  })

  it.each<[string, () => Octets]>([
    ['an array', () => Array.from({ length: 40 }, () => Buffer.alloc(10_000, 'x'))],
    [
      'a generator',
      async function* () {
        for (let n = 0; n < 40; n++) yield Buffer.alloc(10_000, 'x')
      },
    ],
  ])('writes %s in pieces of bounded size', async (_name, octets) => {
    const target = new CountingTarget()
    await layDown(target, octets(), { copies: [], mode: 'all' })
    expect(target.laid[0]).toMatchObject({ octets: 400_002, writes: 11 })
    expect(target.largestWrite).toBeLessThan(50_000)
  })

  it.each<[string, Octets, (target: CountingTarget) => void]>([
    [
      'the octets fail to come',
      (async function* () {
        yield Buffer.from('Subject: x\r\n')
        throw new Error('cut off')
      })(),
      () => undefined,
    ],
    ['a write fails', message, target => (target.onWrite = () => Promise.reject(new Error('cut off')))],
    ['the commit fails', message, target => (target.onCommit = () => Promise.reject(new Error('cut off')))],
  ])('leaves nothing behind when %s, and tells the first failure', async (_name, octets, break_) => {
    const target = new CountingTarget()
    break_(target)
    await expect(layDown(target, octets, { copies: [], mode: 'all' })).rejects.toThrow('cut off')
    expect([target.laid.length, target.aborted]).toEqual([0, 1])
  })
})
