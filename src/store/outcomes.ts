// Rules of delivery that every store keeps: what a unique-id may look like, and which copies stand or fall together.
import type { CopyOutcome, DeliveryMode } from '../mail/delivery-target.ts'
import { Refusal } from '../mail/errors.ts'

/** Refuses with `bad-uidl` what is not 1 to 70 characters 0x21-0x7E. RFC 1939 section 7. */
export function checkUidl(uidl: string | undefined): void {
  if (uidl === undefined || /^[\x21-\x7e]{1,70}$/.test(uidl)) return
  throw new Refusal('bad-uidl', `not 1 to 70 printable characters: ${JSON.stringify(uidl.slice(0, 80))}`)
}

/** Copies that stand or fall together, by their index. */
export type Groups = readonly (readonly number[])[]

/** Every copy stands in one of the groups, or more. Throws when the mode leaves one out or names one too many. */
export function groupsOf(copies: number, mode: DeliveryMode): Groups {
  const indexes = Array.from({ length: copies }, (_, index) => index)
  if (mode === 'all') return [indexes]
  if (mode === 'each') return indexes.map(index => [index])
  const grouped = new Set(mode.flat())
  if (grouped.size !== copies || !indexes.every(index => grouped.has(index)))
    throw new Error('the groups of a delivery are not made of its copies')
  return mode
}

/** How a store adds one copy, and takes it away again as if it had never been. */
export interface CopySteps<Copy, Step, Answer> {
  readonly add: (copy: Copy) => Generator<Step, CopyOutcome, Answer>
  readonly takeBack: (copy: Copy, uidl: string) => Generator<Step, void, Answer>
}

/** Adds copies group by group; a group with a refused copy gives back what it added. */
export function* addGroups<Copy, Step, Answer>(
  copies: readonly Copy[],
  groups: Groups,
  { add, takeBack }: CopySteps<Copy, Step, Answer>,
): Generator<Step, CopyOutcome[], Answer> {
  const outcomes: CopyOutcome[] = []
  for (const group of groups) {
    const added: [index: number, copy: Copy, uidl: string][] = []
    let refused: CopyOutcome | undefined
    for (const index of group) {
      const copy = copies[index]
      if (copy === undefined || outcomes[index]?.delivered) continue
      const outcome = yield* add(copy)
      outcomes[index] = outcome
      if (outcome.delivered) added.push([index, copy, outcome.uidl])
      else refused ??= outcome
    }
    if (!refused) continue
    for (const [index, copy, uidl] of added) {
      yield* takeBack(copy, uidl)
      outcomes[index] = refused
    }
  }
  return outcomes
}
