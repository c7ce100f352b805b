// What only shows when sessions are compared, as threads tell it: the client keeps nothing from one to the next, so that all a
// collector needs to see it must be in the listing, and nothing there may be taken for more than it is.
import { describe, expect, it } from 'vitest'
import { connect, type Listing, type Session } from '../../../src/pop3/client/index.ts'
import type { Answer } from './scripted-server.ts'
import { fetchAll, optionsFor, serve } from './scripted-session.ts'

/** Lines of LIST and of UIDL, of one session. */
type Shown = readonly [list: readonly string[], uidl: readonly string[]]

/** The listings of a server that shows something else in each session. */
async function listingsOf(
  sessions: readonly Shown[],
  more: readonly Answer[] = [],
  inEach: (session: Session, listing: Listing) => Promise<void> = async () => undefined,
): Promise<Listing[]> {
  let now = 0
  const body = (lines: readonly string[] = []) => `+OK\r\n${lines.map(line => `${line}\r\n`).join('')}.\r\n`
  const server = await serve([
    ...more,
    [/^LIST$/, () => body(sessions[now]?.[0])],
    [/^UIDL$/, () => body(sessions[now]?.[1])],
  ])
  const listings: Listing[] = []
  for (; now < sessions.length; now++) {
    const session = await connect(optionsFor(server))
    const listing = await session.listing()
    listings.push(listing)
    await inEach(session, listing)
    if (session.isOpen) session.abandon()
  }
  return listings
}

const keysOf = (listing: Listing | undefined) => listing?.map(({ key }) => key)

describe('unique ids that are repeated', () => {
  it('in one listing: every message has a key of its own, and the anomaly says which (RFC 1939 section 7)', async () => {
    const texts: string[] = []
    const numbers = ['A: 1\r\n\r\n', 'A: 2\r\n\r\n', 'A: 3\r\n\r\n', 'A: 4\r\n\r\n']
    const [listing] = await listingsOf(
      [
        [
          ['1 8', '2 8', '3 8', '4 8'],
          ['1 a', '2 a', '3 b', '4 a'],
        ],
      ],
      numbers.map((text, index): Answer => [new RegExp(`^RETR ${index + 1}$`), `+OK\r\n${text}.\r\n`]),
      async session => {
        texts.push(...(await fetchAll(session)))
      },
    )
    expect(keysOf(listing)).toEqual(['a', 'a#2', 'b', 'a#3'])
    expect(listing?.map(({ uidl }) => uidl)).toEqual(['a', 'a', 'b', 'a'])
    expect(listing?.anomalies).toEqual([
      { kind: 'duplicate-uidl', number: 2, uidl: 'a' },
      { kind: 'duplicate-uidl', number: 4, uidl: 'a' },
    ])
    // None of them is taken for the other.
    expect(texts).toEqual(numbers)
  })

  it('in every session: what was fetched is listed again under the same key (Gmail `recent:`)', async () => {
    const shown: Shown = [
      ['1 10', '2 20'],
      ['1 x', '2 y'],
    ]
    const listings = await listingsOf([
      shown,
      shown,
      [
        ['1 20', '2 30'],
        ['1 y', '2 z'],
      ],
    ])
    expect(listings.map(keysOf)).toEqual([
      ['x', 'y'],
      ['x', 'y'],
      ['y', 'z'],
    ])
    expect(listings.flatMap(({ anomalies }) => anomalies)).toEqual([])
  })

  it('when the first of two is gone, the other has its key: sizes tell them apart', async () => {
    const [before, after] = await listingsOf([
      [
        ['1 10', '2 20'],
        ['1 a', '2 a'],
      ],
      [['1 20'], ['1 a']],
    ])
    expect(before?.map(({ key, octets }) => [key, octets])).toEqual([
      ['a', 10],
      ['a#2', 20],
    ])
    expect(after?.map(({ key, octets }) => [key, octets])).toEqual([['a', 20]])
  })
})

describe('unique ids that are not what they were', () => {
  it('are shown as they are when another message has one: its size is there to compare (cyrusimap/cyrus-imapd#374)', async () => {
    const [before, after] = await listingsOf([
      [['1 1000'], ['1 7']],
      [['1 31'], ['1 7']],
    ])
    expect(before?.[0]).toEqual({ number: 1, octets: 1000, uidl: '7', key: '7' })
    expect(after?.[0]).toEqual({ number: 1, octets: 31, uidl: '7', key: '7' })
    expect([...(before?.anomalies ?? []), ...(after?.anomalies ?? [])]).toEqual([])
  })

  it('are all new behind a migration, and that alone is no anomaly', async () => {
    const listings = await listingsOf([
      [
        ['1 10', '2 20'],
        ['1 old-1', '2 old-2'],
      ],
      [
        ['1 10', '2 20'],
        ['1 new-1', '2 new-2'],
      ],
    ])
    expect(listings.map(keysOf)).toEqual([
      ['old-1', 'old-2'],
      ['new-1', 'new-2'],
    ])
  })

  it('may be missing for some messages: those have no key', async () => {
    const [listing] = await listingsOf([
      [
        ['1 10', '2 20', '3 30'],
        ['1 a', '3 c'],
      ],
    ])
    expect(keysOf(listing)).toEqual(['a', undefined, 'c'])
    expect(listing?.anomalies).toEqual([{ kind: 'only-in-list', number: 2 }])
  })
})

describe('an outage that looks like an empty maildrop', () => {
  it('is an empty listing, no failure; nothing is deleted, and all is there again afterwards', async () => {
    const full: Shown = [
      ['1 10', '2 20'],
      ['1 a', '2 b'],
    ]
    const outcomes: unknown[] = []
    const listings = await listingsOf([full, [[], []], full], [], async session => {
      outcomes.push(await session.commit())
    })
    expect(listings.map(keysOf)).toEqual([['a', 'b'], [], ['a', 'b']])
    expect(listings.flatMap(({ anomalies }) => anomalies)).toEqual([])
    expect(outcomes).toEqual(
      Array.from({ length: 3 }, () => ({ deleted: 0, refused: [], state: 'committed' })),
    )
  })

  it('is told where only half of the server is out of order', async () => {
    const [noSizes, noIds] = await listingsOf([
      [[], ['1 a', '2 b']],
      [['1 10', '2 20'], []],
    ])
    expect(noSizes?.map(({ key, octets }) => [key, octets])).toEqual([
      ['a', undefined],
      ['b', undefined],
    ])
    expect(noSizes?.anomalies.map(({ kind }) => kind)).toEqual(['only-in-uidl', 'only-in-uidl'])
    expect(keysOf(noIds)).toEqual([undefined, undefined])
    expect(noIds?.anomalies.map(({ kind }) => kind)).toEqual(['only-in-list', 'only-in-list'])
  })

  it('is a failure where the server says so: to be tried again, not an empty listing', async () => {
    const refusal: Answer = [/^LIST$/, '-ERR [SYS/TEMP] storage is not there\r\n']
    await expect(listingsOf([[[], []]], [refusal])).rejects.toMatchObject({
      code: 'server-unavailable',
      responseCode: 'SYS/TEMP',
      retry: 'later',
    })
  })
})
