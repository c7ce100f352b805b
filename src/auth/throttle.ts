// Slows guessing down. Failures are counted over all protocols, by the peer's address range (/32 of IPv4, /56 of IPv6) and
// by the account that was claimed, whether it exists or not. The more there are, the longer an answer waits, and in the end
// the check itself, one attempt after the other; who waits costs a timer, and no more than so many may.
import { hash } from 'node:crypto'
import { Refusal } from '../mail/errors.ts'
import { prefixOf } from '../mail/network.ts'
import { FailureCounts } from './failure-counts.ts'
import { KnownPeers, type KnownPeersOptions, pairOf } from './known-peers.ts'
import type { Abandonment } from './login.ts'
import { Turns } from './turns.ts'
import { refuseIfGone } from './work-queue.ts'

export interface ThrottleOptions {
  /** Failures that are answered at once. Default 3. */
  readonly freeFailures?: number
  /** What the next one waits, in milliseconds; each further one twice as long. Default 250. */
  readonly firstDelayMs?: number
  /** What any waits at most, in milliseconds; 0 delays nobody. Default 15,000. */
  readonly maxDelayMs?: number
  /**
   * From so many failures on, of a range or of an account, even the check waits, and the attempts take turns: the next
   * begins to wait when the one before has waited. Of known peers only their own failures count. Default 10.
   */
  readonly failuresBeforeCheck?: number
  /** Attempts that may wait for their turn, of each range and of each account; the next is refused. Default 4. */
  readonly maxWaitingTurn?: number
  /** In how many milliseconds a count halves. Default 5 minutes. */
  readonly halfLifeMs?: number
  /** Counts remembered of each kind. Default 100,000. */
  readonly maxCounts?: number
  /** Logins that may be delayed or wait for their turn at the same time; the next is refused. Default 10,000. */
  readonly maxDelayed?: number
  readonly knownPeers?: KnownPeersOptions
}

export interface ThrottleLoad {
  readonly waiting: number
  readonly delays: number
  readonly delayedMs: number
}

/** A peer and the account it claims, if it claims one: what failures are counted by. */
export class Suspect {
  readonly prefix: string
  /** The range and the account, where the peer was known as it when the attempt began. */
  readonly knownPair: string | undefined
  /** Until the key is made of it: most logins need none. */
  #claimed: string | undefined
  #accountKey: string | undefined

  constructor(prefix: string, claimed: string | undefined, knownPair: string | undefined) {
    this.prefix = prefix
    this.knownPair = knownPair
    this.#claimed = claimed
  }

  /** One for all that spell the account alike, and of one length: names of a peer's own making are not kept. */
  get accountKey(): string | undefined {
    if (this.#claimed === undefined) return this.#accountKey
    // Even the beginning of a name would keep alive the whole message that it was cut from.
    this.#accountKey = hash('sha256', this.#claimed, 'base64')
    this.#claimed = undefined
    return this.#accountKey
  }
}

const ipv4Bits = 32
const ipv6Bits = 56

export class Throttle {
  readonly #options: Required<Omit<ThrottleOptions, 'knownPeers'>>
  readonly #byPrefix: FailureCounts
  readonly #byAccount: FailureCounts
  /** Of known peers alone: what they did themselves. */
  readonly #byPair: FailureCounts
  /** Of ranges that nobody came in from: attempts, however they end, for under a flood most are turned away unchecked. */
  readonly #tries: FailureCounts
  readonly #known: KnownPeers
  readonly #turns: Turns
  readonly #delayed = new Set<() => void>()
  /** Those who are delayed, and those who wait for their turn to be. */
  #waitingCount = 0
  #delayCount = 0
  #delayedMs = 0
  #isClosed = false

  constructor({ knownPeers = {}, ...options }: ThrottleOptions, now: () => number) {
    this.#options = {
      freeFailures: 3,
      firstDelayMs: 250,
      maxDelayMs: 15_000,
      failuresBeforeCheck: 10,
      maxWaitingTurn: 4,
      halfLifeMs: 300_000,
      maxCounts: 100_000,
      maxDelayed: 10_000,
      ...options,
    }
    const counts = () => new FailureCounts(this.#options.maxCounts, this.#options.halfLifeMs, now)
    this.#byPrefix = counts()
    this.#byAccount = counts()
    this.#byPair = counts()
    this.#tries = counts()
    this.#known = new KnownPeers(knownPeers, now)
    this.#turns = new Turns(this.#options.maxWaitingTurn)
  }

  /** Logins that wait now; and since the start, how many were delayed, by how many milliseconds in all. */
  get load(): ThrottleLoad {
    return { waiting: this.#waitingCount, delays: this.#delayCount, delayedMs: this.#delayedMs }
  }

  /** The address range that the failures of a peer are counted by. */
  rangeOf(peer: string): string {
    return prefixOf(peer, ipv4Bits, ipv6Bits)
  }

  /** What is known of a peer before it says who it is: whether somebody came in from its range lately, or only tried to. */
  reputationOf(peer: string): 'known' | 'stranger' | 'suspect' {
    const range = this.rangeOf(peer)
    if (this.#known.hasRange(range)) return 'known'
    return this.#tries.of(range) > 0 ? 'suspect' : 'stranger'
  }

  /**
   * `claimed` is one text for all spellings of a name; `accountName` the account's that has it, where `mayKnow` says so: by
   * it alone peers are known.
   */
  suspect(range: string, claimed?: string, accountName?: string): Suspect {
    const isKnown = accountName !== undefined && this.#known.has(range, accountName)
    return new Suspect(range, claimed, isKnown ? pairOf(range, accountName) : undefined)
  }

  /** Whether the range is known as one of these accounts: then it is worth while to look up who is claimed. */
  mayKnow(range: string, accountNames: readonly string[]): boolean {
    return accountNames.some(name => this.#known.has(range, name))
  }

  /**
   * Waits before the check where there were many failures: of the range, or of the account from wherever; for a known peer
   * only its own. Gives the milliseconds that the delay took, without the wait for a turn. Refuses with `store-busy` when
   * too many wait, and when nobody waits for the answer any more.
   */
  async admit(suspect: Suspect, signal?: Abandonment): Promise<number> {
    if (!this.#known.hasRange(suspect.prefix)) this.#tries.add(suspect.prefix)
    const delayMs = this.#delayMs(this.#failures(suspect))
    const keys = delayMs > 0 ? this.#suspectKeys(suspect) : []
    if (keys.length > 0) await this.#waitInTurn(keys, suspect, delayMs, signal)
    refuseIfGone(signal)
    return keys.length > 0 ? delayMs : 0
  }

  /**
   * Counts a failure, and waits before it is answered for what `admit` did not wait already. Refuses with `store-busy` when
   * too many wait.
   */
  async fail(suspect: Suspect, waitedMs: number, signal?: Abandonment): Promise<void> {
    const { prefix, accountKey, knownPair } = suspect
    const failures = Math.max(
      this.#byPrefix.add(prefix),
      accountKey === undefined ? 0 : this.#byAccount.add(accountKey),
    )
    if (knownPair !== undefined) this.#byPair.add(knownPair)
    const delayMs = this.#delayMs(failures) - waitedMs
    if (delayMs > 0 && !signal?.aborted) await this.#counted(() => this.#delay(delayMs, signal))
  }

  /** The pair is known from now on, and its own failures are forgiven; those of its range and of strangers are not. */
  succeed(prefix: string, accountName: string): void {
    this.#known.add(prefix, accountName)
    this.#byPair.forget(pairOf(prefix, accountName))
  }

  /** The place in a queue: 0 for known peers, 1 for those without a failure, then one more for each failure. */
  rank(suspect: Suspect): number {
    return suspect.knownPair === undefined ? 1 + this.#failures(suspect) : 0
  }

  /** Ends all waiting at once. */
  close(): void {
    this.#isClosed = true
    for (const wake of this.#delayed) wake()
  }

  #failures(suspect: Suspect): number {
    const { prefix, knownPair } = suspect
    if (knownPair !== undefined) return this.#byPair.of(knownPair)
    const { accountKey } = suspect
    return Math.max(this.#byPrefix.of(prefix), accountKey === undefined ? 0 : this.#byAccount.of(accountKey))
  }

  /**
   * By which its attempts take turns: the range first, so that a range with many attempts at an account has one of them
   * wait in front of others there.
   */
  #suspectKeys(suspect: Suspect): readonly string[] {
    const { failuresBeforeCheck } = this.#options
    const { prefix, knownPair, accountKey } = suspect
    if (knownPair !== undefined)
      return this.#byPair.of(knownPair) >= failuresBeforeCheck ? [`pair ${knownPair}`] : []
    const keys: string[] = []
    if (this.#byPrefix.of(prefix) >= failuresBeforeCheck) keys.push(`range ${prefix}`)
    if (accountKey !== undefined && this.#byAccount.of(accountKey) >= failuresBeforeCheck)
      keys.push(`account ${accountKey}`)
    return keys
  }

  /** Nobody has a turn for longer than the delay, and who has that of an account waits for nobody: nothing can lock. */
  #waitInTurn(
    keys: readonly string[],
    { prefix }: Suspect,
    delayMs: number,
    signal: Abandonment | undefined,
  ): Promise<void> {
    const asker = { rank: 1 + this.#byPrefix.of(prefix), source: prefix, signal }
    const wait = keys.reduceRight(
      (inner, key) => () => this.#turns.take(key, asker, inner),
      () => this.#delay(delayMs, signal),
    )
    return this.#counted(wait)
  }

  #delayMs(failures: number): number {
    const { freeFailures, firstDelayMs, maxDelayMs } = this.#options
    if (failures <= freeFailures) return 0
    return Math.min(firstDelayMs * 2 ** (failures - freeFailures - 1), maxDelayMs)
  }

  async #counted(wait: () => Promise<void>): Promise<void> {
    if (this.#waitingCount >= this.#options.maxDelayed)
      throw new Refusal('store-busy', 'too many logins are waiting')
    this.#waitingCount += 1
    try {
      await wait()
    } finally {
      this.#waitingCount -= 1
    }
  }

  /** Not beyond an abort, or the end of the office. */
  async #delay(delayMs: number, signal: Abandonment | undefined): Promise<void> {
    if (this.#isClosed || signal?.aborted) return
    this.#delayCount += 1
    this.#delayedMs += delayMs
    await new Promise<void>(resolve => {
      const wake = () => {
        clearTimeout(timer)
        this.#delayed.delete(wake)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      // Whoever waits here keeps no process alive that wants to end.
      const timer = setTimeout(wake, delayMs).unref()
      this.#delayed.add(wake)
      signal?.addEventListener('abort', wake)
    })
  }
}
