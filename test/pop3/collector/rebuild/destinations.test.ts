// A ledger that is damaged, of a newer version, or gone, made anew from each destination that can be read: nothing is doubled, nothing
// is lost, and exactly what was not there comes.
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { type DovecotBox, hasDovecotImap, startDovecotBox } from '../destinations/dovecot.ts'
import { imapPlace, mailboxPlace, maildirPlace, mboxPlace, type Place } from './places.ts'
import { mail, names, verdicts, workshop } from './workshop.ts'

type Workshop = Awaited<ReturnType<typeof workshop>>

let dovecot: DovecotBox | undefined
let users = 0

beforeAll(async () => {
  if (hasDovecotImap) dovecot = await startDovecotBox()
})
afterAll(() => dovecot?.close())

function imap(context: TestContext, mailbox = 'INBOX'): Place {
  if (dovecot) return imapPlace(dovecot, `u${++users}`, mailbox)
  if (process.env['CI'] === 'true') throw new Error('dovecot-imapd is not installed')
  return context.skip('dovecot-imapd is not installed')
}

const places: readonly (readonly [string, (at: Workshop, context: TestContext) => Promise<Place> | Place])[] =
  [
    ['a mailbox', ({ store }) => mailboxPlace(store)],
    ['a Maildir', ({ folder }) => maildirPlace(folder)],
    ['an mbox', ({ folder }) => mboxPlace(folder)],
    ['IMAP', (_, context) => imap(context)],
  ]

const damages: readonly (readonly [string, string])[] = [
  ['damaged', `update collected_message set destinations = '["an' where key = 'm7'`],
  ['of a newer version', `update collected_message set state = 'archived' where key in ('m3', 'm12')`],
]

it('an IMAP folder that is not there is not made, and nothing is found out', async context => {
  const at = await workshop()
  const place = imap(context, 'Missing')
  at.source.mails = [mail('m1')]
  await expect(at.rebuild([place.open()])).rejects.toThrow(/Missing/)
  await expect(at.rebuild([place.open()])).rejects.toThrow(/Missing/)
  expect(await at.run([place.open()])).toMatchObject({ fetched: 1 })
  await at.store.forgetSource('old')
  expect(verdicts(await at.rebuild([place.open()]))).toEqual({ found: 1 })
})

describe.each(places)('%s', (_, placeOf) => {
  it.for(damages)('a ledger that is %s', async ([, damage], context) => {
    const at = await workshop()
    const place = await placeOf(at, context)
    at.source.mails = names(20).map(name => mail(name))
    expect(await at.run([place.open()])).toMatchObject({ fetched: 20, trouble: undefined })
    place.look()
    at.change(damage)
    at.source.mails.push(...names(3, 21).map(name => mail(name)))
    const refused = await at.run([place.open()])
    expect(refused.trouble?.reason).toMatch(/`poplar collect rebuild old`/)
    expect(at.source.fetched).toHaveLength(20)

    expect(verdicts(await at.rebuild([place.open()], { isDryRun: true }))).toEqual({ found: 20, missing: 3 })
    expect((await at.run([place.open()])).trouble?.fault).toBe('ledger')
    const { fetched } = await at.rebuild([place.open()])
    expect(fetched).toBe(0)
    expect(at.source.fetched).toHaveLength(20)

    expect(await at.run([place.open()])).toMatchObject({ fetched: 3, trouble: undefined })
    expect(await place.subjects()).toEqual(names(23).sort())
    expect(await at.run([place.open()])).toMatchObject({ fetched: 0 })
  })
})
