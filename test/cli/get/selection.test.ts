// Which messages are meant by numbers, ranges and unique-ids.
import { describe, expect, it } from 'vitest'
import { parseRange, select } from '../../../src/cli/get/selection.ts'
import { joinListing } from '../../../src/pop3/client/message-ref.ts'

const listing = joinListing(['1 10', '2 10', '4 10', '5 10'], ['1 a', '2 b', '4 7', '5 a'])

function numbers(
  words: readonly string[],
  uidls: readonly string[] = [],
  newest?: number,
): readonly number[] {
  return select(listing, { ranges: words.map(parseRange), uidls, newest }).map(({ number }) => number)
}

describe('messages', () => {
  it.each([
    ['all', [], [], undefined, [1, 2, 4, 5]],
    ['a number', ['4'], [], undefined, [4]],
    ['ranges over a gap, in the order of the listing', ['5', '2-4'], [], undefined, [2, 4, 5]],
    ['an open range', ['4-'], [], undefined, [4, 5]],
    ['a unique-id that looks like a number', [], ['7'], undefined, [4]],
    ['a unique-id that two have', [], ['a'], undefined, [1, 5]],
    ['both', ['1'], ['b'], undefined, [1, 2]],
    ['the newest', [], [], 2, [4, 5]],
    ['the newest of some', ['1-4'], [], 1, [4]],
    ['more than there are', [], [], 99, [1, 2, 4, 5]],
  ] as const)('by %s', (_what, words, uidls, newest, chosen) => {
    expect(numbers(words, uidls, newest)).toEqual(chosen)
  })

  it.each([
    [['3'], [], 'there is no message 3'],
    [['6-'], [], 'there is none from 6 on'],
    [[], ['c'], 'there is no message with the unique-id c'],
  ])('that are not there are named: %j %j', (words, uidls, why) => {
    expect(() => numbers(words, uidls)).toThrow(why)
  })

  it.each(['0', '01', '-3', '3-2', '1-2-3', 'x', '', '99999999999'])('are not written %j', text => {
    expect(() => parseRange(text)).toThrow()
  })
})
