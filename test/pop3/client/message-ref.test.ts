// LIST and UIDL joined, RFC 1939 sections 5 and 7: as servers should list, and as some do.
import { expect, it } from 'vitest'
import { joinListing } from '../../../src/pop3/client/message-ref.ts'

const rows: readonly {
  readonly of: string
  readonly list: readonly string[]
  readonly uidl?: readonly string[]
  /** Number, octets and key of each. */
  readonly is: readonly (readonly [number, number | undefined, string | undefined])[]
  readonly odd?: readonly (readonly [kind: string, what: number | string])[]
}[] = [
  { of: 'nothing', list: [], uidl: [], is: [] },
  {
    of: 'what goes on behind the size, zeros and blanks',
    list: ['1 10', ' 002\t20 octets', '3 0 '],
    uidl: ['1 a', '2  b\t', '3 c d'],
    is: [
      [1, 10, 'a'],
      [2, 20, 'b'],
      [3, 0, 'c d'],
    ],
  },
  {
    of: 'numbers in any order, and twice',
    list: ['3 30', '1 10', '3 31', '2 20', '1 11'],
    uidl: ['2 b', '3 c', '2 x', '1 a'],
    is: [
      [1, 10, 'a'],
      [2, 20, 'b'],
      [3, 30, 'c'],
    ],
    odd: [
      ['listed-twice', '3 31'],
      ['listed-twice', '1 11'],
      ['listed-twice', '2 x'],
    ],
  },
  {
    of: 'only one of both, and gaps',
    list: ['2 20', '3 30'],
    uidl: ['3 c', '5 e'],
    is: [
      [2, 20, undefined],
      [3, 30, 'c'],
      [5, undefined, 'e'],
    ],
    odd: [
      ['gap', 2],
      ['only-in-list', 2],
      ['gap', 5],
      ['only-in-uidl', 5],
    ],
  },
  { of: 'a server without UIDL', list: ['1 10'], is: [[1, 10, undefined]] },
  {
    of: 'one unique id of three messages',
    list: ['1 1', '2 1', '3 1', '4 1'],
    uidl: ['1 a', '2 b', '3 a', '4 a'],
    is: [
      [1, 1, 'a'],
      [2, 1, 'b'],
      [3, 1, 'a#2'],
      [4, 1, 'a#3'],
    ],
    odd: [
      ['duplicate-uidl', 3],
      ['duplicate-uidl', 4],
    ],
  },
  {
    of: 'no number, none that can be, none behind it, and a size that is none',
    list: ['0 1', 'x 1', '-1 1', '12345678901 1', '1', '2 many', '3 1234567890123456', '9999999999 9'],
    is: [
      [2, undefined, undefined],
      [3, undefined, undefined],
      [9_999_999_999, 9, undefined],
    ],
    odd: [
      ['unreadable-line', '0 1'],
      ['unreadable-line', 'x 1'],
      ['unreadable-line', '-1 1'],
      ['unreadable-line', '12345678901 1'],
      ['unreadable-line', '1'],
      ['gap', 2],
      ['gap', 9_999_999_999],
    ],
  },
]

it.each(rows)('joins $of', ({ list, uidl, is, odd = [] }) => {
  const listing = joinListing(list, uidl)
  expect(listing.map(({ number, octets, key }) => [number, octets, key])).toEqual(is)
  expect(
    listing.anomalies.map(anomaly => [anomaly.kind, 'line' in anomaly ? anomaly.line : anomaly.number]),
  ).toEqual(odd)
})
