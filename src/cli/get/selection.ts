// Which messages of a listing are meant: numbers and ranges of this session, unique-ids, the newest.
import type { Listing, MessageRef } from '../../pop3/client/index.ts'
import { CommandFailure } from '../failure.ts'

/** Both ends belong to it. */
export interface NumberRange {
  readonly first: number
  /** Infinity: to the last message. */
  readonly last: number
}

export interface Selection {
  readonly ranges: readonly NumberRange[]
  readonly uidls: readonly string[]
  /** So many of what is chosen, with the highest numbers. */
  readonly newest: number | undefined
}

/** `3`, `3-7`, `3-`. Throws an Error with a sentence. */
export function parseRange(text: string): NumberRange {
  const match = /^([1-9]\d{0,9})(?:(-)([1-9]\d{0,9})?)?$/.exec(text)
  if (!match) throw new Error('it is a number, or a range such as 3-7 or 3-')
  const [, first, dash, last] = match
  const range = {
    first: Number(first),
    last: last !== undefined ? Number(last) : dash === undefined ? Number(first) : Number.POSITIVE_INFINITY,
  }
  if (range.last < range.first) throw new Error('the range ends before it begins')
  return range
}

/** In the order of the listing; without ranges and unique-ids, from all. Fails for what is named and not there. */
export function select(listing: Listing, { ranges, uidls, newest }: Selection): readonly MessageRef[] {
  for (const { first, last } of ranges)
    if (!listing.some(({ number }) => number >= first && number <= last))
      throw new CommandFailure(
        first === last ? `there is no message ${first}` : `there is none from ${first} on`,
      )
  for (const uidl of uidls)
    if (!listing.some(ref => ref.uidl === uidl))
      throw new CommandFailure(`there is no message with the unique-id ${uidl}`)
  const isAll = ranges.length === 0 && uidls.length === 0
  const wanted = new Set(uidls)
  const chosen = listing.filter(
    ({ number, uidl }) =>
      isAll ||
      ranges.some(({ first, last }) => number >= first && number <= last) ||
      (uidl !== undefined && wanted.has(uidl)),
  )
  return newest === undefined ? chosen : chosen.slice(Math.max(0, chosen.length - newest))
}
