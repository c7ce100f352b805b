// What one run over one source is made of.
import type { Destination } from './destination.ts'
import type { CollectEvent } from './events.ts'
import type { RunLedger } from './held-ledger.ts'
import type { CollectPolicy } from './policy.ts'
import type { Source } from './source.ts'

export interface RunParts {
  readonly source: Source
  /** At least one. */
  readonly destinations: readonly Destination[]
  readonly policy: CollectPolicy
  readonly ledger: RunLedger
  /** Where large messages lie while they are under way. */
  readonly spoolFolder: string
  /** As notices call this host. */
  readonly hostname: string
  /** Shows what would be done, and does nothing of it. */
  readonly isDryRun?: boolean
  readonly signal: AbortSignal
  readonly onEvent: (event: CollectEvent) => void
  readonly now: () => Date
}
