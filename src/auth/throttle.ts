// Slows guessing down. Failures are counted over all protocols, by the peer's address range (/32 of IPv4, /56 of IPv6) and
// by the account that was claimed, whether it exists or not. The more there are, the longer an answer waits; who waits
// costs a timer, and no more than so many may.
import { Refusal } from '../mail/errors.ts'
import { prefixOf } from '../mail/network.ts'
import { FailureCounts } from './failure-counts.ts'
import { KnownPeers, type KnownPeersOptions, pairOf } from './known-peers.ts'

export interface ThrottleOptions {
  /** Failures that are answered at once. Default 3. */
  readonly freeFailures?: number
  /** What the next one waits, in milliseconds; each further one twice as long. Default 250. */
  readonly firstDelayMs?: number
  /** What any waits at most, in milliseconds; 0 delays nobody. Default 15,000. */
  readonly maxDelayMs?: number
  /** From so many failures on even the check waits, unless the peer is known. Default 10. */
  readonly failuresBeforeCheck?: number
  /** In how many milliseconds a count halves. Default 5 minutes. */
  readonly halfLifeMs?: number
  /** Counts remembered of each kind. Default 100,000. */
  readonly maxCounts?: number
  /** Logins that may be delayed at the same time; the next is refused. Default 10,000. */
  readonly maxDelayed?: number
  readonly knownPeers?: KnownPeersOptions
}

/** A peer and the account it claims, if it claims one: what failures are counted by. */
export interface Suspect {
  readonly prefix: string
  readonly accountKey: string | undefined
}

const ipv4Bits = 32
const ipv6Bits = 56
/** Longer names are no names of ours; their beginning may stand for them. */
const maxKeyLength = 255

export class Throttle {
  readonly #options: Required<Omit<ThrottleOptions, 'knownPeers'>>
  readonly #byPrefix: FailureCounts
  readonly #byAccount: FailureCounts
  /** Of known peers alone: what they did themselves. */
  readonly #byPair: FailureCounts
  readonly #known: KnownPeers
  readonly #delayed = new Set<() => void>()

  constructor({ knownPeers = {}, ...options }: ThrottleOptions, now: () => number) {
    this.#options = {
      freeFailures: 3,
      firstDelayMs: 250,
      maxDelayMs: 15_000,
      failuresBeforeCheck: 10,
      halfLifeMs: 300_000,
      maxCounts: 100_000,
      maxDelayed: 10_000,
      ...options,
    }
    const counts = () => new FailureCounts(this.#options.maxCounts, this.#options.halfLifeMs, now)
    this.#byPrefix = counts()
    this.#byAccount = counts()
    this.#byPair = counts()
    this.#known = new KnownPeers(knownPeers, now)
  }

  suspect(peer: string, accountKey: string | undefined): Suspect {
    return {
      prefix: prefixOf(peer, ipv4Bits, ipv6Bits),
      accountKey: accountKey?.slice(0, maxKeyLength),
    }
  }

  /**
   * Waits before the check where there were many failures: of the range, or of the account from wherever; for a known peer
   * only its own. Gives the milliseconds it waited. Refuses with `store-busy` when too many wait.
   */
  async admit(suspect: Suspect, signal?: AbortSignal): Promise<number> {
    const failures = this.#failures(suspect)
    const delayMs = failures >= this.#options.failuresBeforeCheck ? this.#delayMs(failures) : 0
    await this.#wait(delayMs, signal)
    return delayMs
  }

  /**
   * Counts a failure, and waits before it is answered for what `admit` did not wait already. Refuses with `store-busy` when
   * too many wait.
   */
  async fail({ prefix, accountKey }: Suspect, waitedMs: number, signal?: AbortSignal): Promise<void> {
    const failures = Math.max(
      this.#byPrefix.add(prefix),
      accountKey === undefined ? 0 : this.#byAccount.add(accountKey),
    )
    const pair = this.#knownPair({ prefix, accountKey })
    if (pair !== undefined) this.#byPair.add(pair)
    await this.#wait(this.#delayMs(failures) - waitedMs, signal)
  }

  /** The pair is known from now on, and its own failures are forgiven; those of its range and of strangers are not. */
  succeed(prefix: string, accountKey: string): void {
    this.#known.add(prefix, accountKey)
    this.#byPair.forget(pairOf(prefix, accountKey))
  }

  /** The place in a queue: 0 for known peers, 1 for those without a failure, then one more for each failure. */
  rank(suspect: Suspect): number {
    return this.#knownPair(suspect) === undefined ? 1 + this.#failures(suspect) : 0
  }

  /** Ends all waiting at once. */
  close(): void {
    for (const wake of this.#delayed) wake()
  }

  #failures(suspect: Suspect): number {
    const pair = this.#knownPair(suspect)
    if (pair !== undefined) return this.#byPair.of(pair)
    const { prefix, accountKey } = suspect
    return Math.max(this.#byPrefix.of(prefix), accountKey === undefined ? 0 : this.#byAccount.of(accountKey))
  }

  #knownPair({ prefix, accountKey }: Suspect): string | undefined {
    if (accountKey === undefined || !this.#known.has(prefix, accountKey)) return undefined
    return pairOf(prefix, accountKey)
  }

  #delayMs(failures: number): number {
    const { freeFailures, firstDelayMs, maxDelayMs } = this.#options
    if (failures <= freeFailures) return 0
    return Math.min(firstDelayMs * 2 ** (failures - freeFailures - 1), maxDelayMs)
  }

  /** Not beyond an abort. */
  async #wait(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (delayMs <= 0 || signal?.aborted) return
    if (this.#delayed.size >= this.#options.maxDelayed)
      throw new Refusal('store-busy', 'too many logins are waiting')
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
