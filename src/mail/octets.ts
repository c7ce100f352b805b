// Octets in pieces. A message never has to lie in memory whole: it is produced and consumed piece by piece.

/** A sequence of octet chunks. Small messages come as an array, large ones as an async generator. */
export type Octets = Iterable<Uint8Array> | AsyncIterable<Uint8Array>
