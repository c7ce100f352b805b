// Message flags as the store keeps them: the system flags of RFC 9051 section 2.3.2 as bits. POP3 sets none of them.

export const flagBits = { seen: 1, answered: 2, flagged: 4, deleted: 8, draft: 16 } as const

export type Flag = keyof typeof flagBits

/** The bits of a list of flags. */
export function flagsToBits(flags: Iterable<Flag>): number {
  let bits = 0
  for (const flag of flags) bits |= flagBits[flag]
  return bits
}

/** The flags whose bits are set, in the order of the table. */
export function bitsToFlags(bits: number): Flag[] {
  return (Object.keys(flagBits) as Flag[]).filter(flag => (bits & flagBits[flag]) !== 0)
}
