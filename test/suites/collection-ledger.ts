// The contract of CollectionLedger, and of deliveries that carry a record of it.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Account } from '../../src/mail/account.ts'
import type { CollectedRecord, CollectedSource, CollectedState } from '../../src/mail/collection-ledger.ts'
import type { DeliveryMode } from '../../src/mail/delivery-target.ts'
import type { Store } from '../../src/mail/store.ts'
import {
  copyFor,
  factsOf,
  leaseMs,
  octets,
  plainText,
  type StoreFactory,
  uidlsOf,
  withStore,
} from './fixtures.ts'

const digest = 'ab'.repeat(32)

/** A record of a message that ann's mailbox has. */
export function collected(key: string, more: Partial<CollectedRecord> = {}): CollectedRecord {
  return {
    source: 'gmail',
    key,
    state: 'stored',
    destinations: ['ann'],
    digest,
    octets: 25,
    storedAt: new Date(5000),
    failures: 0,
    reason: undefined,
    retryAt: undefined,
    absentSince: undefined,
    absentSessions: 0,
    ...more,
  }
}

export const idleSource: CollectedSource = {
  source: 'gmail',
  identity: 'pop3 ann@pop.example.net:995',
  lastRunAt: undefined,
  lastSuccessAt: undefined,
  failures: 0,
  loginFailures: 0,
  error: undefined,
  notBefore: undefined,
  paused: undefined,
}

/** Delivers one text to the copies together with the record. */
export async function deliverCollected(
  store: Store,
  accounts: readonly Account[],
  record: CollectedRecord,
  { text = plainText, mode = 'all' }: { text?: string; mode?: DeliveryMode } = {},
) {
  const delivery = store.begin()
  await delivery.write(octets(text))
  const copies = accounts.map(account => copyFor(account))
  return delivery.commit(factsOf(text), copies, mode, record)
}

export function collectionLedgerSuite(factory: StoreFactory): void {
  const bench = withStore(factory)

  describe('sources', () => sourcesSuite(bench))
  describe('records', () => recordsSuite(bench))
  describe('leases', () => leasesSuite(bench))
  describe('deliveries', () => deliveriesSuite(bench))
}

type TheBench = ReturnType<typeof withStore>

function sourcesSuite(bench: TheBench): void {
  it('are kept with all they say, and replaced', async () => {
    const { store } = bench()
    expect(await store.findSource('gmail')).toBeUndefined()
    await store.saveSource(idleSource)
    expect(await store.findSource('gmail')).toEqual(idleSource)
    const troubled: CollectedSource = {
      ...idleSource,
      identity: 'imap ann@imap.example.net:993',
      lastRunAt: new Date(7000),
      lastSuccessAt: new Date(6000),
      failures: 3,
      loginFailures: 2,
      error: 'the password was refused – change it',
      notBefore: new Date(8000),
      paused: 'the certificate changed',
    }
    await store.saveSource(troubled)
    expect(await store.findSource('gmail')).toEqual(troubled)
    await store.saveSource(idleSource)
    expect(await store.listSources()).toEqual([idleSource])
  })

  it('are listed by name', async () => {
    const { store } = bench()
    for (const source of ['work', 'Zoë', 'gmail', 'é']) await store.saveSource({ ...idleSource, source })
    expect((await store.listSources()).map(({ source }) => source)).toEqual(['Zoë', 'gmail', 'work', 'é'])
  })

  it('are forgotten with their records, not with those of others', async () => {
    const { store } = bench()
    await store.saveSource(idleSource)
    await store.saveSource({ ...idleSource, source: 'work' })
    const many = Array.from({ length: 501 }, (_, i) => collected(`k${i}`))
    await store.saveRecords([...many, collected('k0', { source: 'work' })])
    expect(await store.forgetSource('gmail')).toBe(501)
    expect(await store.forgetSource('gmail')).toBe(0)
    expect(await store.findSource('gmail')).toBeUndefined()
    expect((await store.loadRecords('gmail')).size).toBe(0)
    expect((await store.loadRecords('work')).size).toBe(1)
    expect(await store.findSource('work')).toBeDefined()
  })
}

function recordsSuite(bench: TheBench): void {
  const full = collected('full', {
    state: 'waiting',
    destinations: ['ann', 'Archiv – 2026', '["'],
    failures: 3,
    reason: 'the message is too large',
    retryAt: new Date(9000),
    absentSince: new Date(4000),
    absentSessions: 7,
  })
  const bare = collected('bare', {
    state: 'skipped',
    destinations: [],
    digest: undefined,
    octets: undefined,
    storedAt: undefined,
  })

  it('are kept with all they say, each source its own', async () => {
    const { store } = bench()
    const ofWork = collected('full', { source: 'work' })
    await store.saveRecords([full, bare, ofWork])
    expect(await store.loadRecords('gmail')).toEqual(
      new Map([
        ['full', full],
        ['bare', bare],
      ]),
    )
    expect(await store.loadRecords('work')).toEqual(new Map([['full', ofWork]]))
    expect((await store.loadRecords('nobody')).size).toBe(0)
  })

  it('are replaced as a whole', async () => {
    const { store } = bench()
    await store.saveRecords([full])
    await store.saveRecords([{ ...bare, key: 'full' }, collected('other')])
    await store.saveRecords([
      collected('other', { state: 'parked' }),
      collected('other', { state: 'committed' }),
    ])
    expect(
      [...(await store.loadRecords('gmail')).values()].sort((a, b) => a.key.localeCompare(b.key)),
    ).toEqual([{ ...bare, key: 'full' }, collected('other', { state: 'committed' })])
  })

  it('are forgotten one by one', async () => {
    const { store } = bench()
    const many = Array.from({ length: 600 }, (_, i) => collected(`k${i}`))
    await store.saveRecords([...many, collected('k0', { source: 'work' })])
    await store.forgetRecords([...many.slice(1), collected('never there')])
    expect([...(await store.loadRecords('gmail')).keys()]).toEqual(['k0'])
    expect((await store.loadRecords('work')).size).toBe(1)
    await store.forgetRecords([])
  })

  it('are counted and listed by state, the oldest first', async () => {
    const { store, pass } = bench()
    await store.saveRecords([collected('b', { state: 'parked' })])
    pass(1)
    await store.saveRecords(['d', 'c', 'a'].map(key => collected(key, { state: 'parked' })))
    pass(1)
    await store.saveRecords([collected('0', { state: 'waiting' }), collected('e', { state: 'parked' })])
    pass(1)
    // Written again, and yet the oldest.
    await store.saveRecords([collected('b', { state: 'parked', failures: 9 })])
    const parked = await store.listRecords('gmail', 'parked')
    expect(parked.map(({ key }) => key)).toEqual(['b', 'a', 'c', 'd', 'e'])
    expect(parked[0]).toEqual(collected('b', { state: 'parked', failures: 9 }))
    expect(await store.listRecords('gmail', 'skipped')).toEqual([])
    expect(await store.countRecords('gmail')).toEqual({
      waiting: 1,
      parked: 5,
      skipped: 0,
      stored: 0,
      pending: 0,
      committed: 0,
      unknown: 0,
    })
  })

  it('are replaced together with what is known of the source, and those of others are not', async () => {
    const { store } = bench()
    const many = Array.from({ length: 700 }, (_, i) => collected(`k${i}`))
    await store.saveSource(idleSource)
    await store.saveRecords([...many, collected('k0', { source: 'work' })])
    const fresh = [full, collected('k3', { state: 'pending' })]
    await store.replaceSource({ ...idleSource, identity: 'pop3 ann@elsewhere:995' }, fresh)
    expect([...(await store.loadRecords('gmail')).values()]).toEqual(fresh)
    expect((await store.findSource('gmail'))?.identity).toBe('pop3 ann@elsewhere:995')
    expect((await store.loadRecords('work')).size).toBe(1)
    await store.replaceSource({ ...idleSource, source: 'never seen' }, [])
    expect(await store.findSource('never seen')).toMatchObject({ source: 'never seen' })
    const none = collected('none', { digest: 'none' })
    await expect(store.replaceSource(idleSource, [none])).rejects.toThrow('digest')
    expect((await store.loadRecords('gmail')).size).toBe(2)
  })

  it('are read around those that cannot be read', async () => {
    const { store } = bench()
    const many = Array.from({ length: 1100 }, (_, i) => collected(`k${i}`))
    await store.saveRecords([...many, full, collected('k0', { source: 'work' })])
    const { records, unreadable } = await store.salvageRecords('gmail')
    expect(unreadable).toEqual([])
    expect(records).toEqual(await store.loadRecords('gmail'))
  })

  it('are read whole where there are many', async () => {
    const { store } = bench()
    const many = Array.from({ length: 2500 }, (_, i) =>
      collected(`k${i}`, { failures: i % 400 === 0 ? 1 : 0 }),
    )
    await store.saveRecords(many)
    const found = await store.loadRecords('gmail')
    expect(found).toEqual(new Map(many.map(record => [record.key, record])))
    const keys = (await store.listRecords('gmail', 'stored')).map(({ key }) => key)
    expect(keys).toEqual(many.map(({ key }) => key).sort())
  })

  it('come back as they were written, whatever their names are', async () => {
    const { store } = bench()
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 })
    const date = fc.option(fc.date({ noInvalidDate: true }), { nil: undefined })
    const states: readonly CollectedState[] = [
      'waiting',
      'parked',
      'stored',
      'pending',
      'committed',
      'unknown',
    ]
    const record = fc.record<CollectedRecord>({
      source: fc.constantFrom('gmail', 'gmail ', 'GMAIL'),
      key: text,
      state: fc.constantFrom(...states),
      destinations: fc.array(text, { maxLength: 3 }),
      digest: fc.constantFrom(undefined, digest),
      octets: fc.option(fc.maxSafeNat(), { nil: undefined }),
      storedAt: date,
      failures: fc.nat(9),
      reason: fc.option(text, { nil: undefined }),
      retryAt: date,
      absentSince: date,
      absentSessions: fc.nat(9),
    })
    const written = new Map<string, CollectedRecord>()
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 8 }), async records => {
        await store.saveRecords(records)
        for (const each of records) written.set(JSON.stringify([each.source, each.key]), each)
        const sources = new Set(records.map(({ source }) => source))
        for (const source of sources) {
          const ofSource = [...written.values()].filter(each => each.source === source)
          expect(await store.loadRecords(source)).toEqual(new Map(ofSource.map(each => [each.key, each])))
        }
      }),
      { numRuns: 40 },
    )
  })

  it.each([
    ['no key', { key: '' }],
    ['a key that is too long', { key: 'x'.repeat(1001) }],
    ['half a character in the key', { key: 'a\uD800' }],
    ['no source', { source: '' }],
    ['a digest of another length', { digest: 'ab' }],
    ['half a failure', { failures: 0.5 }],
  ])('are a fault with %s, and nothing is written', async (_name, wrong) => {
    const { store } = bench()
    await expect(store.saveRecords([collected('good'), collected('k', wrong)])).rejects.toThrow(
      /record|ledger/,
    )
    expect((await store.loadRecords('gmail')).size).toBe(0)
  })

  it('may have a key of 1,000 characters', async () => {
    const { store } = bench()
    const record = collected('é'.repeat(1000))
    await store.saveRecords([record])
    expect([...(await store.loadRecords('gmail')).values()]).toEqual([record])
  })
}

function leasesSuite(bench: TheBench): void {
  it('exclude each other until they are released', async () => {
    const { store } = bench()
    const first = await store.leaseSource('gmail')
    expect(first?.holds).toBe(true)
    expect(await store.leaseSource('gmail')).toBeUndefined()
    const work = await store.leaseSource('work')
    expect(work?.holds).toBe(true)
    await first?.release()
    await first?.release()
    expect(first?.holds).toBe(false)
    const second = await store.leaseSource('gmail')
    expect(second?.holds).toBe(true)
    // Whoever had it before cannot give back what another has now.
    await first?.release()
    expect(second?.holds).toBe(true)
    expect(await store.leaseSource('gmail')).toBeUndefined()
  })

  it('that were lost write nothing any more: neither records nor what is known of the source', async () => {
    const { store, pass } = bench()
    const [before, after] = [collected('a'), { ...collected('a'), state: 'skipped' as const }]
    const first = await store.leaseSource('gmail')
    await store.saveRecords([before], first)
    await store.saveSource(idleSource, first)
    // Nobody has taken it: it holds on.
    pass(leaseMs)
    await store.saveRecords([before], first)
    const second = await store.leaseSource('gmail')
    const failed = { ...idleSource, failures: 1 }
    for (const refused of [
      store.saveRecords([after, collected('b')], first),
      store.forgetRecords([before], first),
      store.saveSource(failed, first),
      store.replaceSource(failed, [after], first),
    ])
      await expect(refused).rejects.toMatchObject({ code: 'lease-lost' })
    expect([...(await store.loadRecords('gmail')).values()]).toEqual([before])
    expect(await store.findSource('gmail')).toEqual(idleSource)
    await store.saveRecords([after], second)
    await store.saveSource(failed, second)
    expect([...(await store.loadRecords('gmail')).values()]).toEqual([after])
    await store.replaceSource(failed, [after], second)
    await store.forgetRecords([after], second)
    expect((await store.loadRecords('gmail')).size).toBe(0)
    await second?.release()
    await expect(store.saveRecords([before], second)).rejects.toMatchObject({ code: 'lease-lost' })
    // By hand nobody asks for one.
    await store.saveRecords([before])
    expect((await store.loadRecords('gmail')).size).toBe(1)
  })

  it('that nobody renews are lost, and free', async () => {
    const { store, pass } = bench()
    const first = await store.leaseSource('gmail')
    pass(leaseMs - 1)
    expect(first?.holds).toBe(true)
    expect(await store.leaseSource('gmail')).toBeUndefined()
    pass(1)
    expect(first?.holds).toBe(false)
    const second = await store.leaseSource('gmail')
    expect(second?.holds).toBe(true)
    expect(first?.holds).toBe(false)
    await first?.release()
    expect(second?.holds).toBe(true)
  })
}

function deliveriesSuite(bench: TheBench): void {
  async function withAnn(quotaOctets = 0) {
    const { store } = bench()
    return { store, ann: await store.addAccount({ name: 'ann', quotaOctets }) }
  }

  const record = collected('k')

  it('make the message and the record', async () => {
    const { store, ann } = await withAnn()
    expect(await deliverCollected(store, [ann], record)).toMatchObject([{ delivered: true }])
    expect(await uidlsOf(store, ann)).toHaveLength(1)
    expect(await store.loadRecords('gmail')).toEqual(new Map([['k', record]]))
  })

  it('of a large message make them as well', async () => {
    const { store, ann } = await withAnn()
    const text = `A: b\r\n\r\n${'x'.repeat(600_000)}\r\n`
    expect(await deliverCollected(store, [ann], record, { text })).toMatchObject([{ delivered: true }])
    expect(await deliverCollected(store, [ann], record, { text })).toMatchObject([{ delivered: false }])
    expect(await uidlsOf(store, ann)).toHaveLength(1)
    // What was written ahead of the second is not left behind.
    expect((await store.checkIntegrity()).contents).toBe(1)
  })

  it('do nothing when the destination has it already', async () => {
    const { store, ann } = await withAnn()
    const bob = await store.addAccount({ name: 'bob' })
    await deliverCollected(store, [ann], record)
    const again = collected('k', { destinations: ['archive', 'ann'], failures: 5 })
    const alreadyCollected = { delivered: false, reason: 'already-collected' }
    expect(await deliverCollected(store, [ann, bob], again)).toEqual([alreadyCollected, alreadyCollected])
    expect(await uidlsOf(store, ann)).toHaveLength(1)
    expect(await uidlsOf(store, bob)).toEqual([])
    expect(await store.loadRecords('gmail')).toEqual(new Map([['k', record]]))
  })

  it.each([
    ['another destination has it', { destinations: ['archive'] }],
    ['no destination has it', { state: 'waiting' as const, destinations: [], failures: 2 }],
    ['another key has it', { key: 'K' }],
    ['another source has it', { source: 'work' }],
  ])('deliver when %s', async (_name, known) => {
    const { store, ann } = await withAnn()
    await store.saveRecords([collected('k', known)])
    const added = collected('k', { destinations: ['archive', 'ann'] })
    expect(await deliverCollected(store, [ann], added)).toMatchObject([{ delivered: true }])
    expect((await store.loadRecords('gmail')).get('k')).toEqual(added)
    expect(await uidlsOf(store, ann)).toHaveLength(1)
  })

  it('that are refused leave the ledger as it was', async () => {
    const { store, ann } = await withAnn(10)
    const bob = await store.addAccount({ name: 'bob' })
    const before = collected('k', { destinations: ['archive'], state: 'waiting' })
    await store.saveRecords([before])
    const outcomes = await deliverCollected(store, [bob, ann], record)
    expect(outcomes).toEqual(Array.from({ length: 2 }, () => ({ delivered: false, reason: 'over-quota' })))
    expect(await store.loadRecords('gmail')).toEqual(new Map([['k', before]]))
    expect(await uidlsOf(store, bob)).toEqual([])
  })

  it('that come at once are made once', async () => {
    const { store, ann } = await withAnn()
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => deliverCollected(store, [ann], record)),
    )
    expect(outcomes.flat().filter(({ delivered }) => delivered)).toHaveLength(1)
    expect(await uidlsOf(store, ann)).toHaveLength(1)
  })

  it.each<[string, DeliveryMode, Partial<CollectedRecord>]>([
    ['each alone', 'each', {}],
    ['groups', [[0]], {}],
    ['a record without destination', 'all', { destinations: [] }],
    ['a record without key', 'all', { key: '' }],
  ])('are a fault with %s', async (_name, mode, more) => {
    const { store, ann } = await withAnn()
    await expect(deliverCollected(store, [ann], collected('k', more), { mode })).rejects.toThrow(
      /record|ledger/,
    )
    expect(await uidlsOf(store, ann)).toEqual([])
    expect((await store.loadRecords('gmail')).size).toBe(0)
  })
}
