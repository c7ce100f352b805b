// The scan listing as every store builds it: columns, immutable, shared by the sessions that see the same maildrop.
import type { ScanListing } from '../mail/maildrop-store.ts'

/**
 * A listing of messages in their order; both columns have the same length. `asciiOctets`, by index, are those of messages
 * that have a downgraded form.
 */
export function listingOf(
  octets: ArrayLike<number>,
  uidls: readonly string[],
  asciiOctets?: ReadonlyMap<number, number>,
): ScanListing {
  const column = new Float64Array(octets)
  const listing = { count: column.length, octets: column, uidls, totalOctets: sum(column) }
  if (asciiOctets === undefined || asciiOctets.size === 0) return listing
  const ascii = column.map((stored, index) => asciiOctets.get(index) ?? stored)
  return { ...listing, ascii: listingOf(ascii, uidls) }
}

/** The same listing with more messages behind; the old one stays as it is. */
export function extendListing(listing: ScanListing, more: ScanListing): ScanListing {
  if (more.count === 0) return listing
  if (listing.count === 0) return more
  const column = new Float64Array(listing.count + more.count)
  column.set(listing.octets)
  column.set(more.octets, listing.count)
  const extended = {
    count: column.length,
    octets: column,
    uidls: listing.uidls.concat(more.uidls),
    totalOctets: listing.totalOctets + more.totalOctets,
  }
  if (!listing.ascii && !more.ascii) return extended
  return { ...extended, ascii: extendListing(listing.ascii ?? listing, more.ascii ?? more) }
}

/** The UIDL at an index; an index outside the listing is a fault of the caller. */
export function uidlAt({ uidls, count }: ScanListing, index: number): string {
  const uidl = uidls[index]
  if (uidl === undefined) throw new RangeError(`no message at index ${index} of ${count}`)
  return uidl
}

function sum(column: Float64Array): number {
  let total = 0
  for (const octets of column) total += octets
  return total
}
