// Octets in pieces, as a network hands them over: for tests that must give the same however they were cut.

/** Pieces with memory of their own, some of them perhaps empty. A place beyond the end counts from the beginning again. */
export function cutAt(octets: Uint8Array, places: readonly number[]): Buffer[] {
  const inside = places.map(place => place % (octets.length + 1))
  const bounds = [0, ...inside.sort((a, b) => a - b), octets.length]
  return bounds.slice(1).map((end, index) => Buffer.from(octets.subarray(bounds[index], end)))
}
