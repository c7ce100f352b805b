// A ledger made anew from what the destinations have, in place of one that is damaged or lost. Nothing is deleted anywhere.
import { SourceError } from '../source.ts'
import { type Examination, type ExaminationParts, examine } from './examination.ts'

export interface RebuildOptions extends ExaminationParts {
  /** Told what was found, before anything is written. False: nothing is. */
  readonly mayWrite: (found: Examination) => boolean | Promise<boolean>
}

/**
 * Whether the new ledger was written; it is there whole or not at all. Throws `SourceError`, `busy` while a collector is at the
 * source, `DestinationError`, and refuses with `lease-lost` when another took over meanwhile: then all is as it was.
 */
export async function rebuild({ mayWrite, ...parts }: RebuildOptions): Promise<boolean> {
  const { source, ledger } = parts
  const lease = await ledger.leaseSource(source.name)
  if (!lease) throw new SourceError('busy', `a collector is at ${source.name} just now; try again later`)
  try {
    const found = await examine(parts)
    if (!(await mayWrite(found))) return false
    await ledger.replaceSource(found.state, found.records, lease)
    return true
  } finally {
    await lease.release()
  }
}
