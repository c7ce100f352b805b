// A delivery target that keeps nothing, for `import --dry-run`: everything is read and counted as an import would, and
// the outcomes are what they would be if nothing else changed the account meanwhile.
import type { Account } from '../../mail/account.ts'
import type { CopyOutcome, DeliveryCopy, DeliveryTarget } from '../../mail/delivery-target.ts'
import { createId } from '../../mail/id.ts'

/** `present`: the UIDLs that the account has. */
export function rehearsalTarget(account: Account, present: ReadonlyMap<string, number>): DeliveryTarget {
  const { quotaOctets } = account
  const uidls = new Set(present.keys())
  let usedOctets = account.usedOctets

  const outcomeOf = ({ uidl = createId() }: DeliveryCopy, octets: number): CopyOutcome => {
    if (uidls.has(uidl)) return { delivered: false, reason: 'duplicate-uidl' }
    if (quotaOctets > 0 && usedOctets + octets > quotaOctets)
      return { delivered: false, reason: 'over-quota' }
    uidls.add(uidl)
    usedOctets += octets
    return { delivered: true, uidl }
  }

  return {
    begin() {
      let octets = 0
      return {
        id: createId(),
        async write(chunk) {
          octets += chunk.length
        },
        commit: async (_facts, copies) => copies.map(copy => outcomeOf(copy, octets)),
        async abort() {},
      }
    },
  }
}
