// The scan listing of a view: of one mailbox or of several, one behind the other, all messages or those that came in since a
// time, or last. Numbers follow the order of the mailboxes, whatever is left out.
import type { ScanListing } from '../mail/maildrop-store.ts'
import { extendListing } from './listing.ts'

/** What is known of the messages of one mailbox. */
export interface MailboxListing {
  readonly listing: ScanListing
  /** When each came in, in milliseconds. */
  readonly dates: Float64Array
}

/** A mailbox of a view. */
export interface ViewPart extends MailboxListing {
  /** Octets that every message has more than it is kept with. */
  readonly addedOctets: number
}

export interface ViewLimits {
  readonly since?: number | undefined
  readonly newest?: number | undefined
}

export interface ViewListing {
  readonly listing: ScanListing
  /** How many messages are of each part, in their order. */
  readonly counts: readonly number[]
}

/** What was made of a first part whole, so that sessions which see the same share it. */
const made = new WeakMap<ScanListing, { readonly parts: readonly ViewPart[]; readonly view: ViewListing }>()

export function listView(parts: readonly ViewPart[], limits: ViewLimits = {}): ViewListing {
  const isWhole = limits.since === undefined && limits.newest === undefined
  const [first] = parts
  if (!isWhole || !first) return select(parts, limits)
  const known = made.get(first.listing)
  if (known && isSame(known.parts, parts)) return known.view
  const view = select(parts, {})
  if (parts.length > 1) made.set(first.listing, { parts, view })
  return view
}

/** Which part a message of the view is of: its place among them. */
export function partOf({ counts }: ViewListing, index: number): number {
  let before = 0
  for (const [part, count] of counts.entries()) {
    before += count
    if (index < before) return part
  }
  throw new RangeError(`no message at index ${index} of ${before}`)
}

function isSame(some: readonly ViewPart[], others: readonly ViewPart[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ listing, addedOctets }, place) => {
      const other = others[place]
      return other?.listing === listing && other.addedOctets === addedOctets
    })
  )
}

function select(parts: readonly ViewPart[], limits: ViewLimits): ViewListing {
  const chosen = newestOf(
    parts.map(({ dates }) => indexesSince(dates, limits.since)),
    parts,
    limits.newest,
  )
  const listings = parts.map(({ listing, addedOctets }, place) =>
    pick(listing, chosen[place] ?? [], addedOctets),
  )
  const [first, ...others] = listings
  if (!first) throw new Error('a view has no mailbox')
  return { listing: others.reduce(extendListing, first), counts: listings.map(({ count }) => count) }
}

function indexesSince(dates: Float64Array, since = Number.NEGATIVE_INFINITY): readonly number[] {
  const indexes: number[] = []
  for (const [index, date] of dates.entries()) if (date >= since) indexes.push(index)
  return indexes
}

/** Of all parts together the latest; of those that came in at one time the last. */
function newestOf(
  chosen: readonly (readonly number[])[],
  parts: readonly ViewPart[],
  newest = Number.POSITIVE_INFINITY,
): readonly (readonly number[])[] {
  const total = chosen.reduce((sum, { length }) => sum + length, 0)
  if (total <= newest) return chosen
  const dates = chosen.flatMap((indexes, place) => indexes.map(index => parts[place]?.dates[index] ?? 0))
  const sorted = Float64Array.from(dates).sort()
  const oldest = sorted[total - newest] ?? 0
  /** Of those that came in just then. */
  let room = newest - dates.filter(date => date > oldest).length
  return chosen
    .toReversed()
    .map((indexes, place) => {
      const column = parts.at(-1 - place)?.dates
      return indexes
        .toReversed()
        .filter(index => {
          const date = column?.[index] ?? 0
          return date > oldest || (date === oldest && room-- > 0)
        })
        .reverse()
    })
    .reverse()
}

function pick(listing: ScanListing, indexes: readonly number[], addedOctets: number): ScanListing {
  if (indexes.length === listing.count && addedOctets === 0) return listing
  const octets = Float64Array.from(indexes, index => (listing.octets[index] ?? 0) + addedOctets)
  const picked = {
    count: octets.length,
    octets,
    uidls: indexes.map(index => listing.uidls[index] ?? ''),
    totalOctets: octets.reduce((sum, value) => sum + value, 0),
  }
  if (!listing.ascii) return picked
  return { ...picked, ascii: pick(listing.ascii, indexes, addedOctets) }
}
