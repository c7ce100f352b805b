// The ledger as one run sees it: what it writes depends on its lease, so that a run that has lost the source to another cannot
// write over what that one knows.
import type { CollectionLease, CollectionLedger } from '../../mail/collection-ledger.ts'

export type RunLedger = Pick<
  CollectionLedger,
  'findSource' | 'readRecords' | 'saveSource' | 'saveRecords' | 'forgetRecords'
>

/** Its changes refuse with `lease-lost` once the lease is another's. */
export function heldLedger(ledger: CollectionLedger, lease: CollectionLease): RunLedger {
  return {
    findSource: source => ledger.findSource(source),
    readRecords: source => ledger.readRecords(source),
    saveSource: source => ledger.saveSource(source, lease),
    saveRecords: records => ledger.saveRecords(records, lease),
    forgetRecords: keys => ledger.forgetRecords(keys, lease),
  }
}
