// Numbers that look random and come again with the same seed.

/** Mulberry32: whole numbers of 32 bits, the same on every machine. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

export class Random {
  readonly #next: () => number

  /** Any text. */
  constructor(seed: string) {
    let state = 2_166_136_261
    for (const character of seed) state = Math.imul(state ^ character.charCodeAt(0), 16_777_619)
    this.#next = mulberry32(state)
  }

  /** From 0 up to, without, `limit`. */
  below(limit: number): number {
    return this.#next() % limit
  }
}
