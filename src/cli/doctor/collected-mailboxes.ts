// Examines the sources of the collector, as far as the configuration tells: whether several are one mailbox.
import { type Config, sharedMailboxes } from '../../config.ts'
import type { Finding } from './finding.ts'

/** Nothing where nothing is to be said. */
export function examineCollected({ collect }: Config): readonly Finding[] {
  return sharedMailboxes(collect).map(({ warning }) => ({
    what: 'collector',
    state: 'note',
    finding: warning,
  }))
}
