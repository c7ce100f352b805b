// What a store is busy with, for whoever watches over it. It is read when somebody looks; only totals are kept up.

export interface StoreLoad {
  /** Changes that wait to become durable, those that are being written included. */
  readonly waitingWrites: number
  /** For how many milliseconds none of them was answered; 0 while none waits. */
  readonly writerSilenceMs: number
  /** Locks on maildrops that this process holds. */
  readonly heldLocks: number
  /** Octets on disk, what is not yet copied into its place included. */
  readonly fileOctets: number
  /** Octets of messages in memory, and how often they spared a reading, or did not, since the start. */
  readonly cacheOctets: number
  readonly cacheHits: number
  readonly cacheMisses: number
  /** Called after each transaction that was written, or failed to be: how long it took, and for how many changes. */
  onCommit: CommitListener | undefined
}

export type CommitListener = (durationMs: number, changes: number) => void
