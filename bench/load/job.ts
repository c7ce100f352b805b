// What the benchmark asks of a load process, and what it gets back. Jobs and results cross a process boundary as JSON.
import type { MaildropFacts } from '../corpus.ts'

/** What each POP3 session does between PASS and QUIT. */
export type Pop3Script = 'login' | 'list' | 'fetch' | 'pipe'

interface TimedJob {
  /** Sessions at once. */
  readonly sessions: number
  readonly warmUpMs: number
  readonly measureMs: number
}

export interface Pop3Job extends TimedJob {
  readonly kind: 'pop3'
  readonly port: number
  readonly script: Pop3Script
  readonly maildrops: readonly MaildropFacts[]
}

export interface LmtpJob extends TimedJob {
  readonly kind: 'lmtp'
  readonly port: number
  /** Where the delivered messages are counted. */
  readonly pop3Port: number
  readonly maildrops: readonly MaildropFacts[]
  readonly domain: string
  readonly messagesPerConnection: number
}

export interface ListingJob {
  readonly kind: 'listing'
  readonly port: number
  readonly maildrop: MaildropFacts
  /** Sessions one after the other; the first one is reported apart. */
  readonly visits: number
}

/** Sessions that are opened, held and closed on request: see `IdleStep`. */
export interface IdleJob {
  readonly kind: 'idle'
  readonly port: number
  readonly maildrops: readonly MaildropFacts[]
}

export type Job = Pop3Job | LmtpJob | ListingJob | IdleJob

/** Where the measured time begins and ends; told as it happens, so that the server can be watched over the same time. */
export type MeasuredPhase = 'begun' | 'ended'

export interface RateResult {
  /** Sessions or messages finished within the measured time. */
  readonly units: number
  /** Message octets of them, as on the wire. */
  readonly octets: number
  readonly seconds: number
  /** Processor time of the load process within the measured time. */
  readonly cpuSeconds: number
}

export interface Visit {
  /** From sending PASS to its reply. */
  readonly loginMs: number
  /** From sending PASS to the last octet of LIST and then UIDL. */
  readonly listedMs: number
}

/**
 * What an idle job is told to do; it answers each with the same word. `visit` logs in to a few maildrops
 * and out again; `open` logs in to all and stays.
 */
export type IdleStep = 'visit' | 'open' | 'close'
