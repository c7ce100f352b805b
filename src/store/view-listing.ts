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
  const [first, ...others] = parts
  if (!first) throw new Error('a view has no mailbox')
  if (limits.since !== undefined || limits.newest !== undefined) return select(parts, limits)
  const { listing, addedOctets } = first
  if (others.length === 0 && addedOctets === 0) return { listing, counts: [listing.count] }
  const known = made.get(listing)
  if (known && isSame(known.parts, parts)) return known.view
  const view = join(parts.map(part => added(part.listing, part.addedOctets)))
  made.set(listing, { parts, view })
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

function join(listings: readonly ScanListing[]): ViewListing {
  const [first, ...others] = listings
  if (!first) throw new Error('a view has no mailbox')
  return { listing: others.reduce(extendListing, first), counts: listings.map(({ count }) => count) }
}

/** The listing with so many octets more for every message. */
function added(listing: ScanListing, octets: number): ScanListing {
  if (octets === 0) return listing
  const { count, uidls, totalOctets, ascii } = listing
  const more = {
    count,
    octets: listing.octets.map(own => own + octets),
    uidls,
    totalOctets: totalOctets + count * octets,
  }
  return ascii ? { ...more, ascii: added(ascii, octets) } : more
}

function select(parts: readonly ViewPart[], { since, newest }: ViewLimits): ViewListing {
  const chosen = parts.map(({ dates }) => indexesSince(dates, since))
  if (newest !== undefined) keepNewest(chosen, parts, newest)
  return join(
    parts.map(({ listing, addedOctets }, place) => added(pick(listing, chosen[place]), addedOctets)),
  )
}

/** Indexes in their order. */
function indexesSince(dates: Float64Array, since = Number.NEGATIVE_INFINITY): Uint32Array {
  const indexes = new Uint32Array(dates.length)
  let count = 0
  for (let index = 0; index < dates.length; index++) {
    if ((dates[index] ?? 0) >= since) indexes[count++] = index
  }
  return indexes.subarray(0, count)
}

/** Of all parts together the latest; of those that came in at one time the last. */
function keepNewest(chosen: Uint32Array[], parts: readonly ViewPart[], newest: number): void {
  const total = chosen.reduce((sum, { length }) => sum + length, 0)
  if (total <= newest) return
  const dates = new Float64Array(total)
  let at = 0
  for (const [place, indexes] of chosen.entries()) {
    for (const index of indexes) dates[at++] = dateAt(parts, place, index)
  }
  dates.sort()
  const oldest = dates[total - newest] ?? 0
  /** Of those that came in just then. */
  let room = newest - (total - firstAbove(dates, oldest))
  for (let place = chosen.length - 1; place >= 0; place--) {
    const kept = (chosen[place] ?? new Uint32Array()).reverse().filter(index => {
      const date = dateAt(parts, place, index)
      return date > oldest || (date === oldest && room-- > 0)
    })
    chosen[place] = kept.reverse()
  }
}

function dateAt(parts: readonly ViewPart[], place: number, index: number): number {
  return parts[place]?.dates[index] ?? 0
}

/** Where the first of the sorted values stands that is above. */
function firstAbove(sorted: Float64Array, value: number): number {
  let [from, to] = [0, sorted.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((sorted[middle] ?? 0) > value) to = middle
    else from = middle + 1
  }
  return from
}

function pick(listing: ScanListing, indexes: Uint32Array = new Uint32Array()): ScanListing {
  if (indexes.length === listing.count) return listing
  const octets = new Float64Array(indexes.length)
  const uidls: string[] = []
  let totalOctets = 0
  for (const [place, index] of indexes.entries()) {
    const own = listing.octets[index] ?? 0
    octets[place] = own
    totalOctets += own
    uidls.push(listing.uidls[index] ?? '')
  }
  const picked = { count: octets.length, octets, uidls, totalOctets }
  return listing.ascii ? { ...picked, ascii: pick(listing.ascii, indexes) } : picked
}
