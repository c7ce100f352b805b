// Where collected mail goes. A destination says when a message is durably there, and what it can promise when the process is
// killed between that and the ledger's line.
import type { CollectedRecord } from '../../mail/collection-ledger.ts'
import type { KeptCopy } from './kept-copy.ts'
import type { Letter } from './letter.ts'

/**
 * `exactly-once`: a message that is handed in again under the same delivery key is known again, or was recorded with its
 * storing; `at-least-once`: a kill in the wrong instant may double it.
 */
export type DeliveryPromise = 'exactly-once' | 'at-least-once'

export interface DestinationOptions {
  readonly signal: AbortSignal
  /**
   * What the ledger will say once this destination has the message. A destination in the store of the ledger writes it in the
   * transaction of the message and answers `recorded`; others leave it alone.
   */
  readonly record: CollectedRecord
}

export type StoreOutcome =
  /** It was laid down now. */
  | 'stored'
  /** It was there already: an earlier attempt got so far. */
  | 'known'
  /** It was laid down, and the ledger says so in the same transaction. */
  | 'recorded'

export interface CopiesOptions {
  readonly signal: AbortSignal
  /** Where a copy has to be fetched, those of other sizes are left out; undefined: none is. */
  readonly sizes: ReadonlySet<number> | undefined
  readonly onCopy: (copy: KeptCopy) => void
}

export interface Destination {
  /** As configured; names what has a message in the ledger. */
  readonly name: string
  /** What it is, for people: `mailbox ann`, `maildir /srv/mail`. */
  readonly description: string
  readonly promise: DeliveryPromise
  /** Letters of one source that may be under way at once. Default 1. */
  readonly atOnce?: number
  /** Resolves when the message is durably there. Throws `DestinationError`. */
  store(letter: Letter, options: DestinationOptions): Promise<StoreOutcome>
  /**
   * Tells of every copy that it still has, of whatever source; undefined where it cannot be read. Writes nothing. Throws
   * `DestinationError`.
   */
  readonly copies?: ((options: CopiesOptions) => Promise<void>) | undefined
  /** Gives back what it holds. */
  close(): Promise<void>
}

/**
 * `message`: this message is not wanted there, others may be; `full`: a quota or a disk, nothing more is asked of the source
 * until there is room; `unavailable`: for a while; `configuration`: a person has to help.
 */
export type DestinationFault = 'message' | 'full' | 'unavailable' | 'configuration'

export class DestinationError extends Error {
  override readonly name = 'DestinationError'
  readonly fault: DestinationFault

  /** `message` is a sentence for a person. */
  constructor(fault: DestinationFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.fault = fault
  }
}
