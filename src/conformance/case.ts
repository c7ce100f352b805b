// What a conformance case is: data. It says what must hold, where that is written, what a user loses when it does not, and
// the steps that show it. Protocols bring their own cases and their own `Play`; whatever runs and reports them is here.

/**
 * `must`: an RFC demands it, or mail is lost or damaged without it. `should`: recommended, or expected by every client.
 * `quirk`: servers differ, and it is worth knowing how this one does.
 */
export type Severity = 'must' | 'should' | 'quirk'

/** One thing that is done, or expected. */
export interface Step<P> {
  /** For a reader, in the imperative: "send `STAT`", "expect `+OK`". */
  readonly explain: string
  /** Throws a `Failure` when the server does not do what it should, `Unable` when that cannot be found out. */
  run(play: P): Promise<void>
}

export interface ConformanceCase<P, Need extends string = string, Letter extends string = string> {
  /** Words with hyphens, of one suite once: `retr-octets-agree`. It stays the same for ever. */
  readonly id: string
  /** What holds, as a sentence without its full stop. */
  readonly title: string
  /** By number: `RFC 1939 section 5`. */
  readonly rfc: string
  readonly severity: Severity
  /** What it costs a user when it fails, as a sentence. */
  readonly cost: string
  /** What the server must be able to do for the case to mean anything. */
  readonly needs?: readonly Need[]
  /** The messages that must lie in the maildrop, exactly these, in this order; `any`: one at least, whichever. */
  readonly mail?: readonly Letter[] | 'any'
  /** It leaves the maildrop other than it found it. */
  readonly changesMail?: true
  /** How long it may take, in milliseconds. Default 10,000. */
  readonly limitMs?: number
  readonly steps: readonly Step<P>[]
}

/** Cases that belong together, as a page of the documentation and a part of the table. */
export interface Section<C> {
  /** Words with hyphens: `rfc1939-transaction`. */
  readonly name: string
  readonly title: string
  /** What the section is about, in a sentence or two. */
  readonly about: string
  readonly cases: readonly C[]
}

export type Verdict = 'pass' | 'fail' | 'skip'

export interface Outcome {
  readonly id: string
  readonly section: string
  readonly severity: Severity
  readonly outcome: Verdict
  /** Why it failed or was skipped; empty when it passed. */
  readonly reason: string
}

/** The server does not do what it should; the message is a sentence about what it did. */
export class Failure extends Error {}

/** It cannot be found out; the message says why. The case is skipped. */
export class Unable extends Error {}
