// Runs of the collector over a source that does what it is told: what is fetched, kept, deleted, set aside and forgotten.
import { describe, expect, it } from 'vitest'
import { createMailDelivery } from '../../../src/mail/delivery/deliver.ts'
import { DestinationError } from '../../../src/pop3/collector/destination.ts'
import { mailboxDestination } from '../../../src/pop3/collector/destinations/mailbox.ts'
import { maxFailures } from '../../../src/pop3/collector/policy.ts'
import { SourceError } from '../../../src/pop3/collector/source.ts'
import { uidlsOf } from '../../suites/fixtures.ts'
import { KeepingDestination, setUp } from './collecting.ts'

const textOf = (key: string) => `Subject: ${key}\r\n\r\nbody of ${key}\r\n`

describe('a run', () => {
  it('fetches what is new, once, and in order', async () => {
    const { source, ann, run } = setUp()
    source.put('one', 'two')
    expect(await run()).toMatchObject({ listed: 2, fetched: 2, deleted: 0, trouble: undefined })
    source.put('three')
    expect(await run()).toMatchObject({ listed: 3, fetched: 1 })
    expect(ann.texts).toEqual(['one', 'two', 'three'].map(textOf))
    expect(source.mails).toHaveLength(3)
  })

  it('deletes what is stored where nothing is to stay, in slices', async () => {
    const { source, ann, run, states } = setUp()
    source.put('a', 'b', 'c', 'd', 'e')
    expect(await run({ keep: 'none', commitEvery: 2 })).toMatchObject({ fetched: 5, deleted: 5 })
    expect(source.mails).toEqual([])
    expect(source.sessions).toBe(3)
    expect(ann.texts).toHaveLength(5)
    expect(new Set(Object.values(await states()))).toEqual(new Set(['committed']))
  })

  it('deletes in no more slices than fifty, each of which lists all that is left', async () => {
    const { source, ann, run } = setUp()
    source.put(...Array.from({ length: 150 }, (_, n) => `m${n}`))
    expect(await run({ keep: 'none', commitEvery: 1 })).toMatchObject({ fetched: 150, deleted: 150 })
    expect(source.sessions).toBe(50)
    expect(ann.texts).toHaveLength(150)
  })

  it('deletes after days, those that were stored so long ago', async () => {
    const { source, run, pass } = setUp()
    source.put('old')
    await run({ keep: { days: 14 } })
    pass(10)
    source.put('new')
    await run({ keep: { days: 14 } })
    pass(5)
    expect(await run({ keep: { days: 14 } })).toMatchObject({ fetched: 0, deleted: 1 })
    expect(source.mails.map(({ key }) => key)).toEqual(['new'])
  })

  it('deletes only when every destination has it', async () => {
    const { source, ann, run, pass, states } = setUp()
    const bob = new KeepingDestination('bob')
    bob.fault = new DestinationError('unavailable', 'bob is away')
    source.put('one')
    expect(await run({ keep: 'none' }, [ann, bob])).toMatchObject({
      deleted: 0,
      trouble: { fault: 'destination-unavailable' },
    })
    expect([source.mails.length, ann.texts.length]).toEqual([1, 1])
    expect(await states()).toEqual({ one: 'waiting' })
    bob.fault = undefined
    pass(1)
    expect(await run({ keep: 'none' }, [ann, bob])).toMatchObject({ deleted: 1, trouble: undefined })
    expect([ann.texts.length, bob.texts.length]).toEqual([1, 1])
  })

  it('deletes nothing when a destination is full, and says so', async () => {
    const { source, ann, run, ledger } = setUp()
    source.put('one', 'two')
    ann.fault = new DestinationError('full', 'ann is over quota')
    expect(await run({ keep: 'none' })).toMatchObject({
      trouble: { fault: 'destination-full', reason: 'ann is over quota' },
    })
    expect(source.mails).toHaveLength(2)
    expect(await ledger.findSource('old')).toMatchObject({ failures: 1, error: 'ann is over quota' })
  })

  it('fetches no more than a batch, and the rest with the next run', async () => {
    const { source, ann, run } = setUp()
    source.put('a', 'b', 'c')
    expect(await run({ batch: 2 })).toMatchObject({ fetched: 2, left: 1 })
    expect(await run({ batch: 2 })).toMatchObject({ fetched: 1, left: 0 })
    expect(ann.texts).toHaveLength(3)
  })

  it('shows what it would do, and does nothing', async () => {
    const { source, ann, run, events, states, ledger } = setUp()
    source.put('a', 'b')
    await run({ keep: 'none' }, [ann], { isDryRun: true })
    expect(events).toContainEqual(expect.objectContaining({ kind: 'listed', toFetch: 2, messages: 2 }))
    expect(ann.texts).toEqual([])
    expect(source.commits).toBe(0)
    expect(await states()).toEqual({})
    expect(await ledger.findSource('old')).toBeUndefined()
  })

  it('refuses a name that meant another mailbox', async () => {
    const { source, run, ann } = setUp()
    await run()
    source.identity = 'pop3 bob@other.example:995'
    source.put('one')
    expect(await run()).toMatchObject({ fetched: 0, trouble: { fault: 'configuration' } })
    expect(ann.texts).toEqual([])
  })
})

describe('a message that fails', () => {
  it.each(['refused', 'lost'] as const)('is set aside when it is %s, and the others go on', async fault => {
    const { source, ann, run, states } = setUp()
    source.put('a', 'poison', 'c')
    source.broken.set('poison', fault)
    expect(await run({ keep: 'none' })).toMatchObject({ fetched: 2, failed: 1, deleted: 2 })
    expect(ann.texts).toEqual(['a', 'c'].map(textOf))
    expect(await states()).toMatchObject({ a: 'committed', poison: 'waiting', c: 'committed' })
    expect(source.mails.map(({ key }) => key)).toEqual(['poison'])
  })

  it('is not tried again before its time, and is parked in the end', async () => {
    const { source, run, pass, states, events } = setUp()
    source.put('poison')
    source.broken.set('poison', 'refused')
    await run()
    await run()
    expect(source.fetched).toHaveLength(1)
    for (let more = 1; more < maxFailures; more++) {
      pass(1)
      expect(await run()).toMatchObject({ failed: 1, parked: more === maxFailures - 1 ? 1 : 0 })
    }
    expect(await states()).toEqual({ poison: 'parked' })
    pass(1)
    expect(await run()).toMatchObject({ failed: 0, parked: 0 })
    expect(source.fetched).toHaveLength(maxFailures)
    expect(events.filter(({ kind }) => kind === 'failed').at(-1)).toMatchObject({ retryAt: undefined })
  })

  it('comes when it is well again', async () => {
    const { source, ann, run, pass } = setUp()
    source.put('poison')
    source.broken.set('poison', 'refused')
    await run()
    source.broken.clear()
    pass(1)
    expect(await run()).toMatchObject({ fetched: 1 })
    expect(ann.texts).toEqual([textOf('poison')])
  })

  it('at the destination concerns nobody else', async () => {
    const { source, ann, run } = setUp()
    ann.faults.set('Subject: bad', new DestinationError('message', 'not wanted'))
    source.put('bad', 'good')
    expect(await run({ keep: 'none' })).toMatchObject({ fetched: 1, failed: 1, deleted: 1 })
    expect(source.mails.map(({ key }) => key)).toEqual(['bad'])
  })

  it('ends the run when connections are lost again and again', async () => {
    const { source, run } = setUp()
    source.put('a', 'b', 'c', 'd', 'e', 'f')
    for (const { key } of source.mails) source.broken.set(key ?? '', 'lost')
    expect(await run()).toMatchObject({ failed: 3, trouble: { fault: 'unavailable' } })
  })
})

describe('a deletion', () => {
  it.each([
    ['was done', 'silent-done', 'committed', 0],
    ['was not done', 'silent-undone', 'stored', 1],
  ] as const)('whose answer did not come %s: the next listing tells', async (_, quit, state, staying) => {
    const { source, ann, run, states } = setUp()
    source.put('one')
    source.quit = quit
    expect(await run({ keep: 'none' })).toMatchObject({ deleted: 0 })
    expect(await states()).toEqual({ one: 'unknown' })
    await run()
    expect(await states()).toEqual({ one: state })
    expect(source.mails).toHaveLength(staying)
    expect(ann.texts).toEqual([textOf('one')])
  })

  it('that is refused is asked for again', async () => {
    const { source, run, states } = setUp()
    source.put('one')
    source.undeletable.add('one')
    expect(await run({ keep: 'none' })).toMatchObject({ deleted: 0 })
    expect(await states()).toEqual({ one: 'stored' })
    source.undeletable.clear()
    expect(await run({ keep: 'none' })).toMatchObject({ deleted: 1 })
  })

  it('that did not last is not a new message, and a UIDL given twice is', async () => {
    const { source, ann, run } = setUp()
    source.put('one', 'two')
    await run({ keep: 'none' })
    source.put('one')
    source.mails.push({ key: 'two', text: 'Subject: another\r\n\r\nwith the UIDL of two\r\n' })
    expect(await run({ keep: 'none' })).toMatchObject({ fetched: 1 })
    expect(ann.texts).toEqual([
      textOf('one'),
      textOf('two'),
      'Subject: another\r\n\r\nwith the UIDL of two\r\n',
    ])
    await run({ keep: 'none' })
    expect(source.mails).toEqual([])
  })

  it('is not asked for where QUIT takes more than was marked', async () => {
    const { source, ann, run } = setUp()
    source.habits = { listsPart: false, takesWhatWasRetrieved: true, loginDelayMs: 0 }
    source.put('bad', 'good')
    source.broken.set('bad', 'refused')
    await run({ keep: 'none' })
    expect(source.commits).toBe(0)
    expect(ann.texts).toEqual([textOf('good')])
  })
})

describe('a UIDL that is given twice', () => {
  it('brings two messages into a mailbox whose ledger is asked in the same transaction', async () => {
    const { source, ledger, run } = setUp()
    const account = await ledger.addAccount({ name: 'ann' })
    const delivery = createMailDelivery({
      directory: ledger,
      target: ledger,
      hostname: 'mail.example',
      localDomains: [],
      subaddressSeparator: '+',
      maxOctets: 10_000,
      bareNewline: 'normalize',
    })
    const mailbox = mailboxDestination('ann', 'ann', delivery)
    source.put('one')
    await run({ keep: 'none' }, [mailbox])
    source.mails.push({ key: 'one', text: 'Subject: another\r\n\r\n' })
    expect(await run({ keep: 'none' }, [mailbox])).toMatchObject({ fetched: 1, deleted: 1 })
    expect(await uidlsOf(ledger, account)).toHaveLength(2)
  })
})

describe('memory of a source', () => {
  it('outlives an outage that looks empty', async () => {
    const { source, ann, run, pass } = setUp()
    source.put('one', 'two')
    await run()
    source.isEmptyToday = true
    for (let session = 0; session < 5; session++) await run()
    pass(10)
    await run()
    source.isEmptyToday = false
    expect(await run()).toMatchObject({ listed: 2, fetched: 0 })
    expect(ann.texts).toHaveLength(2)
  })

  it('forgets what was absent for long, in many sessions', async () => {
    const { source, run, pass, states } = setUp()
    source.put('one')
    await run()
    source.mails = []
    for (let session = 0; session < 3; session++) await run()
    expect(await states()).toEqual({ one: 'stored' })
    pass(15)
    await run()
    expect(await states()).toEqual({})
  })

  it('does not take for absent what a part of a listing leaves out', async () => {
    const { source, run, pass, states } = setUp()
    source.habits = { listsPart: true, takesWhatWasRetrieved: false, loginDelayMs: 0 }
    source.put('one')
    await run()
    source.mails = []
    for (let session = 0; session < 4; session++) {
      pass(10)
      await run()
    }
    expect(await states()).toEqual({ one: 'stored' })
  })

  it('makes names of headers where the server has none', async () => {
    const { source, ann, run } = setUp()
    const same = { key: undefined, text: 'Subject: twice\r\n\r\nthe same\r\n' }
    source.mails = [same, { ...same }, { key: undefined, text: 'Subject: once\r\n\r\n\r\n' }]
    expect(await run()).toMatchObject({ fetched: 3 })
    expect(await run()).toMatchObject({ fetched: 0 })
    expect(ann.texts).toHaveLength(3)
  })

  it('refuses a server by which old and new mail look the same', async () => {
    const { source, run } = setUp()
    source.mails = [{ key: undefined, text: 'Subject: x\r\n\r\n' }]
    source.hasHeaders = false
    expect(await run()).toMatchObject({ trouble: { fault: 'configuration' } })
  })
})

describe('what is not wanted', () => {
  it('is what is too large; the destinations are told', async () => {
    const { source, ann, run, states } = setUp()
    source.mails.push({ key: "it's big", text: 'From: bob\r\nSubject: film\r\n\r\n', octets: 9_000_000 })
    source.put('small')
    expect(await run({ maxOctets: 1000, tellsOfLarge: true, keep: 'none' })).toMatchObject({
      fetched: 1,
      skipped: 1,
      deleted: 1,
    })
    expect(await states()).toEqual({ "it's big": 'skipped', small: 'committed' })
    expect(ann.texts[0]).toMatch(/^Subject: A message of 8\.6 MiB was left at old$/m)
    expect(ann.texts[0]).toMatch(/^ {2}Subject: film\r$/m)
    expect(ann.texts[0]).toContain("\r\n  poplar collect retry old 'it'\\''s big'\r\n")
    await run({ maxOctets: 1000, tellsOfLarge: true, keep: 'none' })
    expect(ann.texts).toHaveLength(2)
    expect(source.mails).toHaveLength(1)
  })

  it.each([true, false])('is told of each message that is too large, with TOP: %s', async hasHeaders => {
    const { source, ann, run } = setUp()
    source.hasHeaders = hasHeaders
    for (const key of ['a', 'b'])
      source.mails.push({ key, text: `Subject: ${key}\r\n\r\n`, octets: 9_000_000 })
    expect(await run({ maxOctets: 1000, tellsOfLarge: true })).toMatchObject({ fetched: 0, skipped: 2 })
    const subjects = ann.texts.map(text => /^ {2}Subject: (.*)\r$/m.exec(text)?.[1])
    expect(subjects).toEqual(hasHeaders ? ['a', 'b'] : ['(unknown)', '(unknown)'])
    await run({ maxOctets: 1000, tellsOfLarge: true })
    expect(ann.texts).toHaveLength(2)
  })

  it('is what turns out too large while it is fetched', async () => {
    const { source, ann, run, states } = setUp()
    source.mails.push({ key: 'liar', text: `Subject: x\r\n\r\n${'x'.repeat(5000)}\r\n`, octets: 10 })
    expect(await run({ maxOctets: 1000 })).toMatchObject({ fetched: 0, skipped: 1 })
    expect(ann.texts).toEqual([])
    expect(await states()).toEqual({ liar: 'skipped' })
  })

  it.each([true, false])('is what a filter names, with TOP: %s', async hasHeaders => {
    const { source, ann, run, states } = setUp()
    source.hasHeaders = hasHeaders
    source.mails.push({ key: 'spam', text: 'X-Spam-Flag: YES\r\n\r\n' })
    source.put('ham')
    await run({ skips: [{ name: 'x-spam-flag', value: 'yes' }], keep: 'none' })
    expect(ann.texts).toEqual([textOf('ham')])
    expect(await states()).toMatchObject({ spam: 'skipped' })
    expect(source.mails.map(({ key }) => key)).toEqual(['spam'])
    expect(source.fetched.includes('spam')).toBe(!hasHeaders)
  })

  it('is, on the first run, what is older', async () => {
    const { source, ann, run } = setUp()
    source.put('a', 'b', 'c')
    expect(await run({ newest: 1 })).toMatchObject({ fetched: 1, skipped: 2 })
    source.put('d', 'e')
    expect(await run({ newest: 1 })).toMatchObject({ fetched: 2, skipped: 0 })
    expect(ann.texts).toEqual(['c', 'd', 'e'].map(textOf))
  })

  it('is, on the first run, what came before a day', async () => {
    const { source, ann, run } = setUp()
    for (const day of ['01', '20'])
      source.mails.push({ key: day, text: `Date: Mon, ${day} Jan 2026 10:00:00 +0000\r\n\r\n` })
    await run({ since: new Date('2026-01-10T00:00:00Z') })
    expect(ann.texts).toHaveLength(1)
    expect(ann.texts[0]).toContain('20 Jan')
  })

  it('is what goes round in circles', async () => {
    const { source, ann, run, states } = setUp()
    source.mails.push({ key: 'loop', text: `${'Received: from a by b\r\n'.repeat(101)}\r\n` })
    await run()
    expect(ann.texts).toEqual([])
    expect(await states()).toEqual({ loop: 'parked' })
  })
})

describe('a source in trouble', () => {
  it('is left alone for longer each time, and paused after three refused logins', async () => {
    const { source, run, ledger } = setUp()
    source.refusal = new SourceError('credentials', 'wrong password')
    for (let login = 1; login <= 3; login++) {
      await run()
      const { loginFailures, paused } = (await ledger.findSource('old')) ?? {}
      expect([loginFailures, paused !== undefined]).toEqual([login, login === 3])
    }
    source.refusal = undefined
    await run()
    expect(await ledger.findSource('old')).toMatchObject({ failures: 0, loginFailures: 0, error: undefined })
  })

  it('is not at fault when somebody else has the mailbox', async () => {
    const { source, run, ledger } = setUp()
    const notBefore = new Date('2026-11-21T00:00:00Z')
    source.refusal = new SourceError('busy', 'too soon', { notBefore })
    await run()
    expect(await ledger.findSource('old')).toMatchObject({ failures: 0, notBefore })
  })

  it('is asked again only when it wants to', async () => {
    const { source, run, ledger } = setUp()
    source.habits = { listsPart: false, takesWhatWasRetrieved: false, loginDelayMs: 60_000 }
    await run()
    expect((await ledger.findSource('old'))?.notBefore).toEqual(new Date('2026-11-20T12:01:00Z'))
  })

  it('is not blamed for a run that was stopped', async () => {
    const { source, ann, run, ledger, states } = setUp()
    source.put('one')
    const stopping = new AbortController()
    ann.faults.set('Subject: one', new DestinationError('message', 'stopped'))
    stopping.abort()
    expect(await run({}, [ann], { signal: stopping.signal })).toMatchObject({ trouble: { fault: 'aborted' } })
    expect(await states()).toEqual({})
    expect(await ledger.findSource('old')).toMatchObject({ failures: 0, error: undefined })
  })
})
