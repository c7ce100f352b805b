// The scan listing as every store builds it: columns, immutable, shared by the sessions that see the same maildrop.
import type { ScanListing } from '../mail/maildrop-store.ts'

/** A listing of messages in their order; both columns have the same length. */
export function listingOf(octets: ArrayLike<number>, uidls: readonly string[]): ScanListing {
  const column = Float64Array.from(octets)
  return {
    count: column.length,
    octets: column,
    uidls,
    totalOctets: column.reduce((sum, one) => sum + one, 0),
  }
}

/** The UIDL at an index; an index outside the listing is a fault of the caller. */
export function uidlAt({ uidls, count }: ScanListing, index: number): string {
  const uidl = uidls[index]
  if (uidl === undefined) throw new RangeError(`no message at index ${index} of ${count}`)
  return uidl
}
