// Numbers that look random and come again with the same seed.

export class Random {
  #state: number

  /** Any text. */
  constructor(seed: string) {
    let state = 2_166_136_261
    for (const character of seed) state = Math.imul(state ^ character.charCodeAt(0), 16_777_619)
    this.#state = state >>> 0
  }

  /** From 0 up to, without, `limit`. Mulberry32. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }
}
