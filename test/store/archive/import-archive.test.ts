// Importing: order, UIDLs, repetition, quota, and messages that fail while the others go on.
import { describe, expect, it } from 'vitest'
import type { Account } from '../../../src/mail/account.ts'
import type { DeliveryTarget } from '../../../src/mail/delivery-target.ts'
import { Refusal } from '../../../src/mail/errors.ts'
import type { Store } from '../../../src/mail/store.ts'
import { type Archive, type ArchivedMessage, ArchiveError } from '../../../src/store/archive/archive.ts'
import {
  type ImportFate,
  type ImportOptions,
  importArchive,
} from '../../../src/store/archive/import-archive.ts'
import { rehearsalTarget } from '../../../src/store/archive/rehearsal.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { gather } from './nasty.ts'

type Entry = { readonly text: string; readonly uidl?: string } | { readonly broken: string }

/** `broken` entries begin and then throw. */
function archiveOf(entries: readonly Entry[]): Archive {
  let position = 0
  async function* messages(): AsyncGenerator<ArchivedMessage> {
    for (const entry of entries) {
      const source = `message ${++position}`
      const facts = { internalDate: new Date(position * 1000), flags: ['seen' as const], source }
      if ('broken' in entry) yield { ...facts, octets: brokenOctets(entry.broken) }
      else
        yield {
          ...facts,
          octets: [Buffer.from(entry.text)],
          ...(entry.uidl !== undefined && { uidl: entry.uidl }),
        }
    }
  }
  return {
    messages: messages(),
    total: entries.length,
    unit: 'messages',
    position: () => position,
    faults: [],
  }
}

function* brokenOctets(reason: string): Generator<Uint8Array> {
  yield Buffer.from('begun')
  throw new ArchiveError(reason)
}

async function newAccount(quotaOctets = 0): Promise<{ store: Store; account: Account }> {
  const store = createMemoryStore()
  return { store, account: await store.addAccount({ name: 'ann', quotaOctets }) }
}

async function run(store: Store, entries: readonly Entry[], options: Partial<ImportOptions> = {}) {
  const account = await accountOf(store)
  const fates: ImportFate[] = []
  const settled = (fate: ImportFate) => fates.push(fate)
  const report = await importArchive(archiveOf(entries), { target: store, account, settled, ...options })
  return { ...report, fates }
}

/** The report alone. */
async function reportOf(store: Store, entries: readonly Entry[], options: Partial<ImportOptions> = {}) {
  return importArchive(archiveOf(entries), { target: store, account: await accountOf(store), ...options })
}

async function accountOf(store: Store): Promise<Account> {
  const account = await store.findAccount('ann')
  if (!account) throw new Error('no account')
  return account
}

async function contents(store: Store) {
  const found: [string, string][] = []
  for await (const { uidl, body } of store.messages(await accountOf(store)))
    found.push([uidl, (await gather(body)).toString()])
  return found
}

const entries = Array.from({ length: 200 }, (_, i) => ({
  text: `Subject: ${i}\n\n${'x'.repeat(i + 1)}`,
  uidl: `u${i}`,
}))

describe('an import', () => {
  it('brings everything in order, in the wire form, with UIDLs, dates and flags', async () => {
    const { store, account } = await newAccount()
    expect(await run(store, entries)).toMatchObject({ imported: 200, skipped: 0, failed: 0, renamed: 0 })
    expect(await contents(store)).toEqual(
      entries.map(({ uidl, text }) => [uidl, `${text.replaceAll('\n', '\r\n')}\r\n`]),
    )
    for await (const { internalDate, flags } of store.messages(account)) {
      expect([internalDate, flags]).toEqual([new Date(1000), ['seen']])
      break
    }
  })

  it('begins commits in order and many at once, and settles in order however they end', async () => {
    const { store } = await newAccount()
    const begun: (string | undefined)[] = []
    let underWay = 0
    let most = 0
    const target: DeliveryTarget = {
      begin() {
        const delivery = store.begin()
        return {
          ...delivery,
          async commit(facts, copies, mode) {
            begun.push(copies[0]?.uidl)
            most = Math.max(most, ++underWay)
            const outcomes = await delivery.commit(facts, copies, mode)
            // Later commits end sooner.
            for (let turns = 200 - begun.length; turns > 0; turns--) await Promise.resolve()
            underWay--
            return outcomes
          },
        }
      },
    }
    const { fates } = await run(store, entries, { target })
    expect(begun).toEqual(entries.map(({ uidl }) => uidl))
    expect(fates.map(({ source }) => source)).toEqual(entries.map((_, i) => `message ${i + 1}`))
    expect(most).toBeGreaterThan(8)
    expect(most).toBeLessThanOrEqual(64)
  })

  it('skips what is there, and what was there', async () => {
    const { store, account } = await newAccount()
    await run(store, entries.slice(0, 2))
    const maildrop = await store.openMaildrop(account, { sessionId: 's', peer: 'test' })
    await maildrop.update([0])
    expect(await run(store, entries.slice(0, 3))).toMatchObject({ imported: 1, skipped: 2 })
    expect((await contents(store)).map(([uidl]) => uidl)).toEqual(['u1', 'u2'])
  })

  it('doubles messages without UIDLs, and does not with `once`', async () => {
    const { store } = await newAccount()
    const plain = [{ text: 'a\n' }, { text: 'b\n' }, { text: 'a\r\n' }]
    expect(await run(store, plain, { uidls: 'once' })).toMatchObject({ imported: 3, skipped: 0 })
    expect(await run(store, plain, { uidls: 'once' })).toMatchObject({ imported: 0, skipped: 3 })
    const [a, , twin] = (await contents(store)).map(([uidl]) => uidl)
    expect(twin).toBe(`${a}-2`)
    expect(await run(store, plain)).toMatchObject({ imported: 3, skipped: 0 })
  })

  it('loses no message to the UIDL of another in the archive, and repeats well', async () => {
    const { store } = await newAccount()
    const twins = [
      { text: 'a', uidl: 'same' },
      { text: 'b', uidl: 'same' },
      { text: 'c', uidl: 'same' },
    ]
    expect(await run(store, twins)).toMatchObject({ imported: 3, renamed: 2 })
    expect(await run(store, twins)).toMatchObject({ imported: 0, skipped: 3, renamed: 0 })
    expect((await contents(store)).map(([, text]) => text)).toEqual(['a\r\n', 'b\r\n', 'c\r\n'])
  })

  it('loses no message to one that cannot be read and has its UIDL', async () => {
    const { store } = await newAccount()
    const messages = [
      { text: 'a', uidl: 'u' },
      { text: 'b', uidl: 'u' },
    ]
    const archive = archiveOf(messages)
    const account = await accountOf(store)
    async function* firstBroken() {
      let isFirst = true
      for await (const message of archive.messages) {
        yield isFirst ? { ...message, octets: brokenOctets('not now') } : message
        isFirst = false
      }
    }
    await importArchive({ ...archive, messages: firstBroken() }, { target: store, account })
    expect(await run(store, messages)).toMatchObject({ imported: 1, skipped: 1 })
    expect(await contents(store)).toHaveLength(2)
  })

  it('refuses to take another message for a repetition', async () => {
    const { store } = await newAccount()
    await run(store, [{ text: 'here', uidl: 'u' }])
    const present = new Map([['u', 'here\r\n'.length]])
    const { fates } = await run(
      store,
      [
        { text: 'another', uidl: 'u' },
        { text: 'here', uidl: 'u' },
      ],
      { present },
    )
    expect(fates).toEqual([
      { fate: 'failed', source: 'message 1', reason: 'the account has another message with the UIDL u' },
      // The twin of a UIDL gets its own.
      expect.objectContaining({ fate: 'imported', source: 'message 2' }),
    ])
  })

  it('gives new UIDLs where asked', async () => {
    const { store } = await newAccount()
    await run(store, entries.slice(0, 2), { uidls: 'new' })
    for (const [uidl] of await contents(store)) expect(uidl).toMatch(/^[0-9A-Z]{26}$/)
  })

  it('goes on behind a message that cannot be read, and says which', async () => {
    const { store } = await newAccount()
    const { fates, ...report } = await run(store, [{ text: 'a' }, { broken: 'bad sector' }, { text: 'b' }])
    expect(report).toEqual({ imported: 2, skipped: 0, failed: 1, renamed: 0 })
    expect(fates.map(({ fate }) => fate)).toEqual(['imported', 'failed', 'imported'])
    expect(fates[1]).toEqual({ fate: 'failed', source: 'message 2', reason: 'bad sector' })
    expect((await contents(store)).map(([, text]) => text)).toEqual(['a\r\n', 'b\r\n'])
  })

  it('stops at the quota, so that nothing later slips in before it', async () => {
    const { store } = await newAccount(20)
    const big = [{ text: '123456' }, { text: '12345678' }, { text: '123456' }, { text: '1' }]
    const { fates, ...report } = await run(store, big)
    expect(report).toEqual({
      imported: 2,
      skipped: 0,
      failed: 1,
      renamed: 0,
      stopped: 'the account has no room for it: over quota',
    })
    expect(fates).toHaveLength(3)
  })

  it('counts repetitions not against the quota', async () => {
    const { store } = await newAccount(20)
    const messages = [
      { text: '123456', uidl: 'a' },
      { text: '12345678', uidl: 'b' },
    ]
    await run(store, messages)
    expect(await run(store, messages)).toMatchObject({ skipped: 2, failed: 0 })
  })

  it.each(['store-full', 'store-busy', 'store-closed'] as const)('stops at %s and reports it', async code => {
    const { store } = await newAccount()
    let commits = 0
    const target: DeliveryTarget = {
      begin() {
        const delivery = store.begin()
        return {
          ...delivery,
          commit: (...args) =>
            ++commits > 3 ? Promise.reject(new Refusal(code, 'no more')) : delivery.commit(...args),
        }
      },
    }
    const report = await reportOf(store, entries, { target })
    expect(report).toMatchObject({ imported: 3, stopped: 'no more' })
    expect(report.failed).toBeLessThanOrEqual(64)
  })

  it('passes a fault on when all that was begun is settled', async () => {
    const { store } = await newAccount()
    let begun = 0
    const target: DeliveryTarget = {
      begin() {
        if (++begun > 5) throw new TypeError('a fault')
        return store.begin()
      },
    }
    await expect(run(store, entries, { target })).rejects.toThrow('a fault')
    expect(await contents(store)).toHaveLength(5)
  })

  it('ends when it is interrupted', async () => {
    const { store } = await newAccount()
    const interrupt = new AbortController()
    const settled = () => interrupt.abort()
    const report = await run(store, entries, { settled, signal: interrupt.signal })
    expect(report.stopped).toBe('interrupted')
    expect(report.imported).toBeLessThan(200)
    expect(await contents(store)).toHaveLength(report.imported)
  })

  it('rehearsed has the same report and changes nothing', async () => {
    const { store } = await newAccount(60)
    await run(store, [{ text: 'here', uidl: 'u' }])
    const messages = [
      { text: 'here', uidl: 'u' },
      { text: 'a', uidl: 'v' },
      { text: 'b', uidl: 'v' },
      { broken: 'bad sector' },
      { text: 'x'.repeat(80) },
    ]
    const present = new Map([['u', 'here\r\n'.length]])
    const account = await accountOf(store)
    const rehearsed = await reportOf(store, messages, {
      target: rehearsalTarget(account, present),
      present,
    })
    expect(await contents(store)).toHaveLength(1)
    const real = await reportOf(store, messages, { present })
    expect(rehearsed).toEqual(real)
  })
})
