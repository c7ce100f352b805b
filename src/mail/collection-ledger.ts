// Port: what was collected from elsewhere, message by message, so that nothing is taken twice and nothing is lost. A record
// is made in the transaction that lays the message down where that is this store, else right behind it; only then may the
// source be asked to delete.

/** Which message of a source: `#2` and so on stands behind the UIDL where several have the same (MessageRef.key). */
export interface CollectedKey {
  /** 1 to 1,000 characters, well-formed; so is the key. */
  readonly source: string
  /** The UIDL; for IMAP sources folder, UIDVALIDITY and UID. */
  readonly key: string
}

/**
 * `waiting`: failed so far, to be tried again; `parked`: failed too often, waits for a person; `skipped`: a person or a
 * rule decided not to fetch it; `stored`: every destination has it; `pending`: its source was about to be asked to delete
 * it; `committed`: the source has deleted it; `unknown`: the answer did not come, the next listing will tell.
 */
export type CollectedState = 'waiting' | 'parked' | 'skipped' | 'stored' | 'pending' | 'committed' | 'unknown'

export interface CollectedRecord extends CollectedKey {
  readonly state: CollectedState
  /** Names of the destinations that have it already. */
  readonly destinations: readonly string[]
  /** SHA-256 of the octets as they came, in hexadecimal; undefined while it was never fetched whole. */
  readonly digest: string | undefined
  readonly octets: number | undefined
  /** When the last destination got it. */
  readonly storedAt: Date | undefined
  /** How often fetching or storing failed. */
  readonly failures: number
  /** Why, in a sentence, or why it is skipped. */
  readonly reason: string | undefined
  /** Not to be tried again before. */
  readonly retryAt: Date | undefined
  /** Since when, and in how many sessions, the source did not list it. */
  readonly absentSince: Date | undefined
  readonly absentSessions: number
}

/** What is known of one source as a whole. */
export interface CollectedSource {
  readonly source: string
  /** What the source is, so that a name given to another mailbox does not inherit: `pop3 user@host:port`. */
  readonly identity: string
  readonly lastRunAt: Date | undefined
  readonly lastSuccessAt: Date | undefined
  /** In a row. */
  readonly failures: number
  /** Of them, logins that were refused. */
  readonly loginFailures: number
  /** The last, in a sentence; undefined when all is well. */
  readonly error: string | undefined
  /** Neither by schedule nor by hand (but for `--force`) before. */
  readonly notBefore: Date | undefined
  /** Set where only a person can help; the reason. */
  readonly paused: string | undefined
}

/** How many records are in each state. */
export type CollectedCounts = Readonly<Record<CollectedState, number>>

/** The right to collect from one source; another is refused meanwhile. */
export interface CollectionLease {
  /** False when it was lost: stop. Renews itself while the process lives. */
  readonly holds: boolean
  release(): Promise<void>
}

/** What is left of the records of a source that may be damaged. */
export interface SalvagedRecords {
  readonly records: ReadonlyMap<string, CollectedRecord>
  /** Sentences, each of one that cannot be read. */
  readonly unreadable: readonly string[]
}

export interface CollectionLedger {
  /**
   * Takes the source; undefined while another run has it, in this process or in any other. A dead holder frees it: at
   * once where it was a process of this machine and can be proved dead, a server as soon as the next one starts, else once
   * its lease runs out.
   */
  leaseSource(source: string): Promise<CollectionLease | undefined>

  findSource(source: string): Promise<CollectedSource | undefined>
  listSources(): Promise<readonly CollectedSource[]>
  /** With a lease of the source, refuses with `lease-lost` as `saveRecords` does. */
  saveSource(source: CollectedSource, lease?: CollectionLease): Promise<void>
  /** Forgets the source and all its records, in steps. Returns how many there were. */
  forgetSource(source: string): Promise<number>

  /**
   * All records of a source in the order of their keys, in pieces between which the event loop runs; 100,000 of them in well
   * under a second. Refuses with `store-unusable`, as `loadRecords` and `listRecords` do, when one of them cannot be read; the
   * sentence says what to do.
   */
  readRecords(source: string): AsyncIterable<readonly CollectedRecord[]>
  /** The same by key, at once. */
  loadRecords(source: string): Promise<Map<string, CollectedRecord>>
  /** Of one state; those that were first written earliest come first, and of one instant by key. */
  listRecords(source: string, state: CollectedState): Promise<readonly CollectedRecord[]>
  countRecords(source: string): Promise<CollectedCounts>
  /**
   * Writes or replaces them, in this order, 250 in one transaction; once it resolves all are durable. The record of a
   * message for the store of the ledger goes with its delivery: see `Delivery.commit`. With the lease of their source, given
   * by this ledger, refuses with `lease-lost` when that was released or somebody else has taken the source since; one that ran
   * out and that nobody took holds on. Nothing of the step is written then.
   */
  saveRecords(records: readonly CollectedRecord[], lease?: CollectionLease): Promise<void>
  /** With a lease, as `saveRecords`. */
  forgetRecords(keys: readonly CollectedKey[], lease?: CollectionLease): Promise<void>

  /** As `loadRecords`, without those that cannot be read. */
  salvageRecords(source: string): Promise<SalvagedRecords>
  /**
   * Puts these in the place of all that is known of the source, readable or not, in one transaction: whatever fails, the old
   * ones are there as they were. With a lease, as `saveRecords`.
   */
  replaceSource(
    source: CollectedSource,
    records: readonly CollectedRecord[],
    lease?: CollectionLease,
  ): Promise<void>
}
