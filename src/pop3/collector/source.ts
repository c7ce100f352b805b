// A mailbox elsewhere, as the collector sees it: POP3 or IMAP, one session at a time. Sources know nothing of ledgers or
// destinations. Whatever goes wrong is a `SourceError`; nothing is deleted but by `commit`.

/** A message that the source lists. */
export interface SourceMessage {
  /** What it is called for ever, unique within a listing: see `CollectedKey`. Undefined where the source has no such name. */
  readonly key: string | undefined
  /** As listed: a hint. */
  readonly octets: number | undefined
  /** Where the source tells it without fetching (IMAP). */
  readonly receivedAt?: Date | undefined
}

export interface SourceListing {
  /** The oldest first, as far as the source tells. */
  readonly messages: readonly SourceMessage[]
  /** Sentences, each of one thing that was odd. */
  readonly oddities: readonly string[]
}

/** A message, or the beginning of it, on its way. To be read before the next is asked for. */
export interface FetchedMessage {
  readonly message: SourceMessage
  /** Octets exactly as they are there, CRLF line ends. Reading throws `SourceError`. */
  readonly body: AsyncIterable<Uint8Array>
  /** Why there is none: it alone was refused, or is gone. Others are not affected. */
  readonly error: SourceError | undefined
}

export interface SourceOutcome {
  /** `unknown`: the answer did not come; the next session will show. */
  readonly state: 'committed' | 'unknown'
  /** Those that the source would not delete. */
  readonly refused: readonly SourceMessage[]
}

/** What a collector has to know of how a source behaves. */
export interface SourceHabits {
  /** A listing shows a part of the mailbox: what is not in it is not gone. */
  readonly listsPart: boolean
  /** `commit` takes away what was retrieved, marked or not: whoever could not keep all of it leaves without. */
  readonly takesWhatWasRetrieved: boolean
  /** The least time from one login to the next; 0: any. RFC 2449 section 6.5. */
  readonly loginDelayMs: number
}

/** Logged in. Leaving its scope without `commit` deletes nothing. */
export interface SourceSession extends AsyncDisposable {
  /** Undefined where there is nothing to be said. */
  readonly habits?: SourceHabits | undefined
  listing(signal: AbortSignal): Promise<SourceListing>
  /** In this order. */
  retrieve(messages: readonly SourceMessage[], signal: AbortSignal): AsyncIterable<FetchedMessage>
  /** Headers only; undefined where the source cannot. */
  headers:
    | ((messages: readonly SourceMessage[], signal: AbortSignal) => AsyncIterable<FetchedMessage>)
    | undefined
  /** Nothing happens before `commit`. */
  markDeleted(message: SourceMessage): void
  /** Ends the session; what was marked is deleted. */
  commit(signal: AbortSignal): Promise<SourceOutcome>
}

export interface Source {
  readonly name: string
  /** What it is, whatever its name: `pop3 user@host:port`. Stable over years: no password, no options. */
  readonly identity: string
  /** Throws `SourceError`. */
  open(signal: AbortSignal): Promise<SourceSession>
}

/**
 * `credentials`: refused, a person has to help; `configuration`: certificate, protocol, or what else only a person can mend;
 * `busy`: another session has the mailbox, or it is too soon; `unavailable`: the network, or the server for a while;
 * `message`: this message alone; `aborted`: by us.
 */
export type SourceFault = 'credentials' | 'configuration' | 'busy' | 'unavailable' | 'message' | 'aborted'

export class SourceError extends Error {
  override readonly name = 'SourceError'
  readonly fault: SourceFault
  /** Not to be tried again before. */
  readonly notBefore: Date | undefined

  /** `message` is a sentence for the owner of the mailbox, that says what to do where he can do something. */
  constructor(
    fault: SourceFault,
    message: string,
    options: ErrorOptions & { notBefore?: Date | undefined } = {},
  ) {
    super(message, options)
    this.fault = fault
    this.notBefore = options.notBefore
  }
}
