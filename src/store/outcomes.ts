// Rules of delivery that every store keeps: what a unique-id may look like, and what `all` means for the copies that
// were not refused themselves.
import type { CopyOutcome } from '../mail/delivery-target.ts'
import { Refusal } from '../mail/errors.ts'

/** Refuses with `bad-uidl` what is not 1 to 70 characters 0x21-0x7E. RFC 1939 section 7. */
export function checkUidl(uidl: string | undefined): void {
  if (uidl === undefined || /^[\x21-\x7e]{1,70}$/.test(uidl)) return
  throw new Refusal('bad-uidl', `not 1 to 70 printable characters: ${JSON.stringify(uidl.slice(0, 80))}`)
}

/** The outcomes when one refused copy refuses all: the others carry the first refusal's reason. */
export function outcomesTogether(outcomes: CopyOutcome[]): CopyOutcome[] {
  const refused = outcomes.find(outcome => !outcome.delivered)
  return refused ? outcomes.map(outcome => (outcome.delivered ? refused : outcome)) : outcomes
}
