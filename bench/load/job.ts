// What the benchmark asks of a load process, and what it gets back. Jobs and results cross a process boundary as JSON.
import type { MaildropFacts } from '../corpus.ts'

/** What each POP3 session does between PASS and QUIT. */
export type Pop3Script = 'login' | 'list' | 'fetch' | 'pipe'

/** How its connections are carried: `tls-resumed` shakes hands in full only the first time. */
export type Channel = 'clear' | 'tls' | 'tls-resumed'

export type LoginKind = 'password' | 'scram'

interface TimedJob {
  /** Sessions at once. */
  readonly sessions: number
  readonly warmUpMs: number
  readonly measureMs: number
}

export interface Pop3Job extends TimedJob {
  readonly kind: 'pop3'
  readonly port: number
  /** In clear, where the maildrops are looked at before anything is measured. */
  readonly checkPort: number
  readonly channel: Channel
  readonly login: LoginKind
  readonly script: Pop3Script
  /** How often a session does its script. */
  readonly passes: number
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

/** Readers take the maildrops behind those of the people who log in; each has `sessions` of the timing. */
export interface FloodJob extends TimedJob {
  readonly kind: 'flood'
  readonly port: number
  readonly maildrops: readonly MaildropFacts[]
  /** How many of the first maildrops belong to those who log in honestly. */
  readonly people: number
  readonly logins: {
    readonly perSecond: number
    readonly addresses: number
    /** Logins that may wait for their answer. */
    readonly atOnce: number
  }
  readonly attack: {
    readonly perSecond: number
    readonly addresses: number
    /** `login` fails to log in; `knock` goes as soon as it is greeted. */
    readonly kind: 'login' | 'knock'
  }
}

export type Job = Pop3Job | LmtpJob | ListingJob | IdleJob | FloodJob

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
  /** Under TLS, the share of the run's handshakes that resumed an earlier session. */
  readonly resumedShare?: number
}

/** How the honest fared. */
export interface HonestFigures {
  readonly logins: number
  /** The median, from connecting to being let in; infinite for who was not. */
  readonly loginMs: number
  readonly retrsPerSecond: number
  readonly seconds: number
  /** Processor time of the load process. */
  readonly cpuSeconds: number
}

export interface FloodResult {
  readonly quiet: HonestFigures
  readonly flooded: HonestFigures
  readonly attempts: VisitCounts
  readonly logins: VisitCounts
}

/** How logins ended. */
export interface VisitCounts {
  readonly begun: number
  /** Not begun, since too many were open. */
  readonly leftOut: number
  readonly letIn: number
  readonly refused: number
  /** The server closed, or refused before anybody said a name. */
  readonly turnedAway: number
  readonly unanswered: number
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
