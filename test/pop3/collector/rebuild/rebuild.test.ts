// What is certain, what is in doubt and what is believed when a ledger is made anew; and that nobody loses or is sent again what need
// not be.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { defaultPolicy } from '../../../../src/pop3/collector/policy.ts'
import { rebuild } from '../../../../src/pop3/collector/rebuild/rebuild.ts'
import { newRecord, skipped } from '../../../../src/pop3/collector/record.ts'
import { KeepingDestination } from '../collecting.ts'
import { mailboxPlace, maildirPlace, mboxPlace, type Place } from './places.ts'
import { mail, names, verdicts, workshop } from './workshop.ts'

type Workshop = Awaited<ReturnType<typeof workshop>>

/** The ledger is gone. */
const lose = ({ store }: Workshop) => store.forgetSource('old')

const kinds: readonly (readonly [string, (at: Workshop) => Promise<Place> | Place])[] = [
  ['a mailbox', ({ store }) => mailboxPlace(store)],
  ['a Maildir', ({ folder }) => maildirPlace(folder)],
  ['an mbox', ({ folder }) => mboxPlace(folder)],
]

describe.each(kinds)('%s', (kind, placeOf) => {
  it('that has a message twice, as the source has it, has both', async () => {
    const at = await workshop()
    const place = await placeOf(at)
    const { text } = mail('twin')
    at.source.mails = [{ key: 'one', text }, mail('m1'), { key: 'two', text }]
    await at.run([place.open()])
    await lose(at)
    const found = await at.rebuild([place.open()])
    expect(verdicts(found)).toEqual({ found: 3 })
    // Delivery keys are proof; where there are none, two of a kind are looked at.
    expect(found.fetched).toBe(kind === 'a mailbox' ? 2 : 0)
    expect(await at.run([place.open()])).toMatchObject({ fetched: 0 })
  })

  it('that has it once gets the other', async () => {
    const at = await workshop()
    const place = await placeOf(at)
    const { text } = mail('twin')
    at.source.mails = [{ key: 'one', text }, mail('m1')]
    await at.run([place.open()])
    await lose(at)
    at.source.mails.push({ key: 'two', text })
    expect(verdicts(await at.rebuild([place.open()]))).toEqual({ found: 2, missing: 1 })
    expect(await at.run([place.open()])).toMatchObject({ fetched: 1 })
    expect(await place.subjects()).toEqual(['m1', 'twin', 'twin'])
  })

  it('that is empty gets everything again, and no header is asked for', async () => {
    const at = await workshop()
    const place = await placeOf(at)
    at.source.mails = names(3).map(name => mail(name))
    await at.run([place.open()])
    await place.empty()
    at.source.headersAsked = 0
    expect(verdicts(await at.rebuild([place.open()]))).toEqual({ missing: 3 })
    expect(at.source.headersAsked).toBe(0)
    expect(await at.run([place.open()])).toMatchObject({ fetched: 3 })
    expect(await place.subjects()).toEqual(names(3))
  })

  it('knows messages whose UIDLs are doubled', async () => {
    const at = await workshop()
    const place = await placeOf(at)
    at.source.mails = [
      { ...mail('a'), key: 'u' },
      { ...mail('b'), key: 'u#2' },
    ]
    await at.run([place.open()])
    await lose(at)
    // The first has gone: the second has its name now.
    at.source.mails = [{ ...mail('b'), key: 'u' }, mail('c')]
    const found = await at.rebuild([place.open()])
    expect(verdicts(found)).toEqual({ found: 1, missing: 1 })
    expect(found.records.map(({ key }) => key)).toEqual(['u'])
    await at.run([place.open()])
    expect(await place.subjects()).toEqual(['a', 'b', 'c'])
  })

  it('knows messages whose sizes are listed wrong', async () => {
    const at = await workshop()
    const place = await placeOf(at)
    at.source.mails = names(6).map((name, index) => ({ ...mail(name), octets: 1 + index }))
    await at.run([place.open()])
    await lose(at)
    expect(verdicts(await at.rebuild([place.open()]))).toEqual({ found: 6 })
    expect(await at.run([place.open()])).toMatchObject({ fetched: 0 })
  })

  it('is not mistaken: the same header and size, another content', async () => {
    const at = await workshop()
    const place = await placeOf(at)
    const header = 'Subject: report\r\n\r\n'
    at.source.mails = [{ key: 'a', text: `${header}all is well\r\n` }]
    await at.run([place.open()])
    await lose(at)
    at.source.mails = [{ key: 'b', text: `${header}all is lost\r\n` }]
    expect(verdicts(await at.rebuild([place.open()]))).toEqual({ missing: 1 })
    await at.run([place.open()])
    expect(await place.subjects()).toEqual(['report', 'report'])
  })

  it('knows messages of a source that shows no headers', async () => {
    const at = await workshop()
    const place = await placeOf(at)
    at.source.hasHeaders = false
    at.source.mails = names(3).map(name => mail(name))
    await at.run([place.open()])
    await lose(at)
    const found = await at.rebuild([place.open()])
    expect(verdicts(found)).toEqual({ found: 3 })
    expect(found.fetched).toBe(kind === 'a mailbox' ? 3 : 0)
  })
})

describe('a Message-ID that was used twice', () => {
  it.each(kinds.slice(1))('%s is not mistaken', async (_, placeOf) => {
    const at = await workshop()
    const place = await placeOf(at)
    at.source.mails = [mail('m1', { text: 'all is well' })]
    await at.run([place.open()])
    await lose(at)
    at.source.mails = [{ ...mail('m1', { text: 'all is lost' }), key: 'm2' }]
    const found = await at.rebuild([place.open()])
    expect(verdicts(found)).toEqual({ missing: 1 })
    expect(found.fetched).toBe(1)
    const after = await at.rebuild([place.open()], { headers: true, isDryRun: true })
    expect(verdicts(after)).toEqual({ found: 1 })
    expect(after.records[0]?.digest).toBeUndefined()
  })
})

describe('a server that takes away what was retrieved', () => {
  it('is asked for no message; what is in doubt comes again, unless headers are trusted', async () => {
    const at = await workshop()
    const place = await mailboxPlace(at.store)
    const twins = ['one', 'two'].map(key => ({ key, text: mail('twin').text }))
    at.source.mails = [...twins, mail('m1')]
    await at.run([place.open()])
    await lose(at)
    at.source.fetched.length = 0
    at.source.habits = { listsPart: false, takesWhatWasRetrieved: true, loginDelayMs: 0 }
    const found = await at.rebuild([place.open()], { isDryRun: true })
    expect(verdicts(found)).toEqual({ found: 1, uncertain: 2 })
    expect(found.messages[0]).toMatchObject({
      key: 'one',
      verdict: 'uncertain',
      reason: 'ann: 2 messages at the source and 2 in the destination have its header',
    })
    expect(verdicts(await at.rebuild([place.open()], { headers: true }))).toEqual({ found: 3 })
    expect(at.source.fetched).toEqual([])
    expect(await at.run([place.open()])).toMatchObject({ fetched: 0 })
  })
})

describe('what the old ledger says', () => {
  it('of messages that nobody wanted, or that another program had fetched, stays so', async () => {
    const at = await workshop()
    const place = maildirPlace(at.folder)
    at.source.mails = names(4).map(name => mail(name))
    const fetched = { ...newRecord('old', 'm2'), state: 'stored' as const, storedAt: new Date(5000) }
    const left = skipped(newRecord('old', 'm1'), 'left alone by hand')
    await at.store.saveRecords([left, fetched])
    expect(await at.run([place.open()])).toMatchObject({ fetched: 2 })
    at.change(`update collected_message set digest = 'x' where key = 'm3'`)
    const found = await at.rebuild([place.open()])
    expect(found.unreadable).toEqual(['the record of "m3" cannot be read: its digest is none'])
    expect(verdicts(found)).toEqual({ found: 2, kept: 2 })
    const records = await at.store.loadRecords('old')
    expect(records.get('m1')).toEqual(left)
    expect(records.get('m2')).toEqual(fetched)
  })

  it('of when a message was stored counts, where it is the same: nothing is deleted too early', async () => {
    const at = await workshop()
    const place = maildirPlace(at.folder)
    at.source.mails = names(2).map(name => mail(name))
    await at.run([place.open()])
    at.change(`update collected_message set stored_at = 5000`)
    at.change(`update collected_message set state = 'x' where key = 'm2'`)
    await at.rebuild([place.open()])
    const records = await at.store.loadRecords('old')
    expect(records.get('m1')?.storedAt).toEqual(new Date(5000))
    expect(records.get('m2')?.storedAt?.getTime()).toBeGreaterThan(Date.now() - 60_000)
    expect(await at.run([place.open()], { keep: { days: 14 } })).toMatchObject({ deleted: 1 })
    expect(at.source.mails.map(({ key }) => key)).toEqual(['m2'])
  })

  it('of what was moved or deleted is believed with `trust.ledger` only', async () => {
    const at = await workshop()
    const place = maildirPlace(at.folder)
    at.source.mails = names(3).map(name => mail(name))
    await at.run([place.open()])
    await place.empty()
    at.change(`update collected_message set state = 'x' where key = 'm2'`)
    const found = await at.rebuild([place.open()], { isDryRun: true })
    expect(verdicts(found)).toEqual({ missing: 3 })
    expect(found.messages.map(({ wasStored }) => wasStored)).toEqual([true, false, true])
    expect(verdicts(await at.rebuild([place.open()], { ledger: true }))).toEqual({ found: 2, missing: 1 })
    await at.run([place.open()])
    expect(await place.subjects()).toEqual(['m2'])
  })

  it('of what is not listed just now stays, and of another mailbox goes', async () => {
    const at = await workshop()
    const place = maildirPlace(at.folder)
    at.source.mails = names(3).map(name => mail(name))
    await at.run([place.open()])
    at.source.isEmptyToday = true
    await at.rebuild([place.open()])
    expect([...(await at.store.loadRecords('old')).keys()]).toEqual(names(3))
    at.source.isEmptyToday = false
    at.source.identity = 'pop3 ann@new.example:995'
    expect((await at.run([place.open()])).trouble?.reason).toMatch(/give it another name/)
    at.source.mails = [mail('m2'), mail('m4')]
    expect(verdicts(await at.rebuild([place.open()]))).toEqual({ found: 1, missing: 1 })
    expect([...(await at.store.loadRecords('old')).keys()]).toEqual(['m2'])
    expect(await at.run([place.open()])).toMatchObject({ fetched: 1, trouble: undefined })
  })
})

describe('with nothing left of the old ledger', () => {
  it('what a first run leaves alone is left alone, but for what is there', async () => {
    const at = await workshop()
    const place = maildirPlace(at.folder)
    const dated = (name: string, day: string) => {
      const { key, text } = mail(name)
      return { key, text: `Date: ${day} 2026 12:00:00 +0000\r\n${text}` }
    }
    at.source.mails = [
      dated('m1', '1 Nov'),
      dated('m2', '2 Nov'),
      dated('m3', '20 Nov'),
      dated('m4', '21 Nov'),
    ]
    const since = new Date('2026-11-02T00:00:00Z')
    await at.run([place.open()], { newest: 3 })
    await lose(at)
    at.source.mails.push(dated('m5', '22 Nov'))
    for (const policy of [{ since }, { newest: 4 }]) {
      const found = await at.rebuild([place.open()], { policy, isDryRun: true })
      expect(found.messages.map(({ verdict }) => verdict)).toEqual([
        'kept',
        'found',
        'found',
        'found',
        'missing',
      ])
    }
    const found = await at.rebuild([place.open()], { policy: { newest: 4 } })
    expect(found.messages[0]?.reason).toBe('older than the newest that were asked for')
    expect(await at.run([place.open()], { newest: 3 })).toMatchObject({ fetched: 1 })
    expect(await place.subjects()).toEqual(['m2', 'm3', 'm4', 'm5'])
    // Once something is known of before, nothing is left alone that was not.
    at.source.mails.unshift(dated('m0', '1 Oct'))
    expect(verdicts(await at.rebuild([place.open()], { policy: { newest: 3 } }))).toEqual({
      found: 4,
      kept: 1,
      missing: 1,
    })
  })

  it('a server that wants time between two logins gets it', async () => {
    const at = await workshop()
    at.source.habits = { listsPart: false, takesWhatWasRetrieved: false, loginDelayMs: 60_000 }
    const { state } = await at.rebuild([(await mailboxPlace(at.store)).open()])
    expect(state.notBefore?.getTime()).toBeGreaterThan(Date.now())
  })
})

describe('several destinations', () => {
  it('each get what they do not have', async () => {
    const at = await workshop()
    const [one, other] = [maildirPlace(at.folder), await mailboxPlace(at.store)]
    at.source.mails = names(3).map(name => mail(name))
    await at.run([one.open(), other.open()])
    await one.empty()
    at.source.mails.push(mail('m4'))
    expect(verdicts(await at.rebuild([one.open(), other.open()]))).toEqual({ partly: 3, missing: 1 })
    await at.run([one.open(), other.open()])
    expect(await one.subjects()).toEqual(names(4))
    expect(await other.subjects()).toEqual(names(4))
  })

  it('that cannot be asked have what a later one has; behind the last that can it is uncertain', async () => {
    const at = await workshop()
    const place = maildirPlace(at.folder)
    const lmtp = new KeepingDestination('lmtp')
    at.source.mails = names(2).map(name => mail(name))
    await at.run([lmtp, place.open()])
    await lose(at)
    expect(verdicts(await at.rebuild([lmtp, place.open()], { isDryRun: true }))).toEqual({ found: 2 })
    at.source.mails.push(mail('m3'))
    expect(verdicts(await at.rebuild([lmtp, place.open()], { isDryRun: true }))).toEqual({
      found: 2,
      missing: 1,
    })
    at.source.mails.pop()
    const found = await at.rebuild([place.open(), lmtp], { isDryRun: true })
    expect(verdicts(found)).toEqual({ uncertain: 2 })
    expect(found.messages[0]?.reason).toBe('lmtp: it cannot be asked whether it has it')
    expect(found.records[0]).toMatchObject({ state: 'waiting', destinations: ['md'] })
    const trusted = await at.rebuild([place.open(), lmtp], { others: true })
    expect(verdicts(trusted)).toEqual({ found: 2 })
    expect(await at.run([place.open(), lmtp])).toMatchObject({ fetched: 0 })
  })

  it('of which none can be asked: refused, but for what the old ledger says', async () => {
    const at = await workshop()
    const lmtp = new KeepingDestination('lmtp')
    at.source.mails = names(3).map(name => mail(name))
    await at.run([lmtp])
    at.change(`update collected_message set state = 'x' where key = 'm2'`)
    const refusal = /^old has no destination that could be asked .*rebuild old --trust-ledger.*collect import/
    await expect(at.rebuild([lmtp])).rejects.toThrow(refusal)
    await expect(at.rebuild([lmtp], { others: true })).rejects.toThrow(refusal)
    const found = await at.rebuild([lmtp], { ledger: true, others: true })
    expect(verdicts(found)).toEqual({ found: 2, missing: 1 })
  })
})

describe('nothing is written', () => {
  it('while a collector is at the source', async () => {
    const at = await workshop()
    const place = maildirPlace(at.folder)
    const lease = await at.store.leaseSource('old')
    await expect(at.rebuild([place.open()])).rejects.toMatchObject({ fault: 'busy' })
    await lease?.release()
  })

  it('when another collector took over meanwhile', async () => {
    const at = await workshop()
    const place = maildirPlace(at.folder)
    at.source.mails = [mail('m1')]
    await at.run([place.open()])
    const lost: typeof at.store = {
      ...at.store,
      async leaseSource(source) {
        const lease = await at.store.leaseSource(source)
        await lease?.release()
        return lease
      },
    }
    const parts = { source: at.source, destinations: [place.open()], policy: defaultPolicy, ledger: lost }
    const trust = { headers: false, ledger: false, others: false }
    const { signal } = new AbortController()
    at.change(`update collected_message set state = 'x'`)
    await expect(
      rebuild({ ...parts, trust, signal, now: () => new Date(), mayWrite: () => true }),
    ).rejects.toMatchObject({ code: 'lease-lost' })
    expect((await at.store.salvageRecords('old')).unreadable).toHaveLength(1)
  })

  it('where a destination is not there: its disk may not be mounted', async () => {
    const at = await workshop()
    at.source.mails = [mail('m1')]
    const place = maildirPlace(at.folder)
    await expect(at.rebuild([place.open()])).rejects.toMatchObject({ fault: 'configuration' })
    const mbox = mboxPlace(join(at.folder, 'missing'))
    await expect(at.rebuild([mbox.open()])).rejects.toMatchObject({ fault: 'configuration' })
    expect(await at.store.findSource('old')).toBeUndefined()
  })

  it('when the source breaks off, and the lease is given back', async () => {
    const at = await workshop()
    const place = await mailboxPlace(at.store)
    const twins = ['one', 'two'].map(key => ({ key, text: mail('twin').text }))
    at.source.mails = twins
    await at.run([place.open()])
    at.change(`update collected_message set state = 'x' where key = 'one'`)
    at.source.broken.set('two', 'lost')
    await expect(at.rebuild([place.open()])).rejects.toMatchObject({ fault: 'unavailable' })
    expect((await at.store.salvageRecords('old')).unreadable).toHaveLength(1)
    at.source.broken.clear()
    expect(verdicts(await at.rebuild([place.open()]))).toEqual({ found: 2 })
  })
})

it('a torn message at the end of an mbox is not believed', async () => {
  const at = await workshop()
  const place = mboxPlace(at.folder)
  at.source.mails = [mail('m1'), mail('m2', { text: 'torn in the middle' })]
  await at.run([place.open()])
  await lose(at)
  const path = join(at.folder, 'mbox')
  const text = readFileSync(path, 'latin1')
  const start = text.lastIndexOf('From MAILER')
  const head = text.slice(start).split('\n', 2).join('\n')
  const journal = { start, octets: text.length - start, head: `${head}\n`, digest: 'none' }
  writeFileSync(join(at.folder, '.mbox.poplar'), JSON.stringify(journal))
  writeFileSync(path, text.slice(0, text.indexOf('in the middle')), 'latin1')
  const found = await at.rebuild([place.open()])
  expect(verdicts(found)).toEqual({ found: 1, missing: 1 })
  await at.run([place.open()])
  expect(await place.subjects()).toEqual(['m1', 'm2'])
  expect(readFileSync(path, 'latin1').match(/in the middle/g)).toHaveLength(1)
})
