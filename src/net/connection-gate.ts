// Who may open a connection now, asked before anything is made for it: so many a minute from one address, so many a
// second in all, and fewer while the event loop is behind or those come in numbers who never came to log in. One gate
// serves all listeners, for they share the processor.
import type { AddressRules } from './limits.ts'
import type { Log } from './log.ts'
import { type LoopLoad, LoopWatch } from './loop-watch.ts'

export interface GateLimits {
  /** Connections of one prefix, at once or spread over a minute; 0 is without limit. */
  readonly perMinute: number
  /**
   * Connections in all, at once or spread over a second; above it each prefix has a tenth of its own, and all together no
   * more than this. 0: without limit.
   */
  readonly perSecond: number
  /** An event loop this far behind has the same effect; one four times as far behind lets nobody in. 0: it may be. */
  readonly maxLagMs: number
}

export interface GateOptions extends GateLimits {
  readonly rules: AddressRules
  readonly log: Log
  /** Default: all are strangers. */
  readonly reputationOf?: ((address: string) => Reputation) | undefined
  /** Default: measured here, while connections come. */
  readonly loop?: LoopLoad
}

/**
 * What logins tell of an address: somebody came in from there lately (`known`), or only tried to (`suspect`). Known ones
 * are let in, at their rate, however much there is of all others; of suspects only a few are, while the event loop has its
 * hands full.
 */
export type Reputation = 'known' | 'stranger' | 'suspect'

/** Why a connection was shed: its prefix comes too often, or there is too much of everything. */
export type ShedReason = 'rate' | 'overload'

const secondMs = 1_000
const minuteMs = 60_000
/** What a connection counts against its prefix while all together are too many: each prefix has a tenth of its own. */
const costUnderPressure = 10
/** How many seconds' worth of all may be let in at once; from the first on there is less and less room. */
const maxSeconds = 2
/** More than sums and differences of times are off by. */
const rounding = 1e-6
const lagThatClosesFactor = 4
/** How busy the event loop is, 0 to 1, when it counts as having its hands full. */
const fullHands = 0.8
/** Suspects that are let in meanwhile, at once or spread over a second: one of them may just have mistyped. */
const suspectsPerSecond = 10
/** Prefixes that are remembered. Beyond it new ones are held to the limit of all alone. */
const maxPrefixes = 100_000
const tellEveryMs = 10_000

/** What listeners ask. */
export interface Gate {
  /** Undefined lets the address in, which then is counted; else nothing more should be done for it. */
  refusalOf(address: string): ShedReason | undefined
}

export class ConnectionGate implements Gate {
  readonly #options: GateOptions
  readonly #loop: LoopLoad
  /** When each prefix would have used up what it had, were it used evenly: the generic cell rate algorithm. */
  readonly #paidUntilMs = new Map<string, number>()
  /** The same for all that come, and for all that are let in. */
  #comingUntilMs = 0
  #letInUntilMs = 0
  /** The same for suspects that are let in. */
  #suspectsUntilMs = 0
  #purgedAtMs = 0
  #shed: Record<ShedReason, number> = { rate: 0, overload: 0 }
  #toldAtMs = Number.NEGATIVE_INFINITY

  constructor(options: GateOptions) {
    this.#options = options
    this.#loop = options.loop ?? new LoopWatch()
  }

  refusalOf(address: string, nowMs: number = performance.now()): ShedReason | undefined {
    const { rules, reputationOf } = this.#options
    if (rules.isExempt(address)) return undefined
    // Nobody needs to know while there is room for all.
    const is = (reputation: Reputation) => reputationOf?.(address) === reputation
    const reason =
      this.#loop.utilization >= fullHands && is('suspect') && this.#areTooManySuspects(nowMs)
        ? 'overload'
        : this.#charge(rules.prefixOf(address), () => is('known'), nowMs)
    if (reason) this.#tell(address, reason, nowMs)
    return reason
  }

  /** Counts one in when not. */
  #areTooManySuspects(nowMs: number): boolean {
    const untilMs = Math.max(this.#suspectsUntilMs, nowMs) + secondMs / suspectsPerSecond
    if (untilMs > nowMs + secondMs + rounding) return true
    this.#suspectsUntilMs = untilMs
    return false
  }

  #charge(prefix: string, isKnown: () => boolean, nowMs: number): ShedReason | undefined {
    const { perMinute, maxLagMs } = this.#options
    let lagMs = maxLagMs === 0 ? 0 : this.#loop.lagMs
    const comingUntilMs = this.#afterOneMore(this.#comingUntilMs, nowMs)
    const letInUntilMs = this.#afterOneMore(this.#letInUntilMs, nowMs)
    let isUnderPressure = lagMs > maxLagMs || comingUntilMs > nowMs + secondMs
    // Those that are shed count too, or half of a flood would be let in; but not for longer than they come.
    this.#comingUntilMs = Math.min(comingUntilMs, nowMs + secondMs)
    // Addresses that each come seldom, but are many, are held by nothing else. The more were let in, the less an address
    // may have had: those that come seldom are the last to be shed.
    let room = Math.min(1, maxSeconds + rounding - (letInUntilMs - nowMs) / secondMs)
    if ((isUnderPressure || room < 1) && isKnown()) {
      lagMs = 0
      isUnderPressure = false
      room = 1
    }
    const isLate = lagMs > maxLagMs
    const isClosed = lagMs > maxLagMs * lagThatClosesFactor
    if (isClosed || room < 0 || (perMinute === 0 && (isLate || room < 1))) return 'overload'
    if (perMinute > 0) {
      const paidUntilMs = this.#afterPaying(prefix, isUnderPressure, nowMs)
      // Sums are compared, for they are rounded alike.
      if (paidUntilMs > nowMs + minuteMs * room) return isUnderPressure ? 'overload' : 'rate'
      if (this.#paidUntilMs.has(prefix) || this.#hasRoom(nowMs)) this.#paidUntilMs.set(prefix, paidUntilMs)
    }
    this.#letInUntilMs = letInUntilMs
    return undefined
  }

  #afterOneMore(untilMs: number, nowMs: number): number {
    const { perSecond } = this.#options
    return perSecond > 0 ? Math.max(untilMs, nowMs) + secondMs / perSecond : nowMs
  }

  #afterPaying(prefix: string, isUnderPressure: boolean, nowMs: number): number {
    const costMs = minuteMs / this.#options.perMinute
    const paidUntilMs = Math.max(this.#paidUntilMs.get(prefix) ?? 0, nowMs)
    // An address may have one connection, were it the only one of its minute.
    return paidUntilMs + (isUnderPressure ? Math.min(costMs * costUnderPressure, minuteMs) : costMs)
  }

  #hasRoom(nowMs: number): boolean {
    if (this.#paidUntilMs.size < maxPrefixes) return true
    // Going through all of them for each connection would be the flood's work.
    if (nowMs - this.#purgedAtMs < secondMs) return false
    this.#purgedAtMs = nowMs
    for (const [prefix, untilMs] of this.#paidUntilMs) if (untilMs <= nowMs) this.#paidUntilMs.delete(prefix)
    return this.#paidUntilMs.size < maxPrefixes
  }

  /** One line for many: a flood must not become a flood of the log. */
  #tell(peer: string, reason: ShedReason, nowMs: number): void {
    this.#shed[reason] += 1
    if (nowMs - this.#toldAtMs < tellEveryMs) return
    const { rate, overload } = this.#shed
    this.#options.log.warn({ rate, overload, peer }, 'connections shed since the last such line')
    this.#shed = { rate: 0, overload: 0 }
    this.#toldAtMs = nowMs
  }
}
