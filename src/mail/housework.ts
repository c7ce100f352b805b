// What a piece of housekeeping did, and how far each of its steps kept others from writing.

export interface Housework {
  readonly messages: number
  /** Changes of the store, each a transaction of its own between which others have their turn. */
  readonly steps: number
  /** Messages of the largest step. */
  readonly largestStep: number
  /** What the longest step took of the writer, without what the disk takes to commit. 0 where nothing writes apart. */
  readonly longestStepMs: number
}

export const noHousework: Housework = { messages: 0, steps: 0, largestStep: 0, longestStepMs: 0 }

/** Both together. */
export function addHousework(one: Housework, other: Housework): Housework {
  return {
    messages: one.messages + other.messages,
    steps: one.steps + other.steps,
    largestStep: Math.max(one.largestStep, other.largestStep),
    longestStepMs: Math.max(one.longestStepMs, other.longestStepMs),
  }
}
