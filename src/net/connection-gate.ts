// Who may open a connection now, asked before anything is made for it: so many a minute from one address, so many a
// second in all, and fewer while the event loop is behind. One gate serves all listeners, for they share the processor.
import type { AddressRules } from './limits.ts'
import type { Log } from './log.ts'

export interface GateLimits {
  /** Connections of one prefix, at once or spread over a minute; 0 is without limit. */
  readonly perMinute: number
  /** Connections in all, at once or spread over a second; above it each prefix has a tenth of its own. 0: without limit. */
  readonly perSecond: number
  /** An event loop this far behind has the same effect; one four times as far behind lets nobody in. 0: it may be. */
  readonly maxLagMs: number
}

export interface GateOptions extends GateLimits {
  readonly rules: AddressRules
  readonly log: Log
  /** The event loop's delay in milliseconds. Default: measured here, while connections come. */
  readonly lagMs?: () => number
}

/** Why a connection was shed: its prefix comes too often, or there is too much of everything. */
export type ShedReason = 'rate' | 'overload'

const secondMs = 1_000
const minuteMs = 60_000
/** What is left of a prefix's allowance while all together are too many. */
const shareUnderPressure = 0.1
const lagThatClosesFactor = 4
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
  readonly #lagMs: () => number
  /** When each prefix would have used up what it had, were it used evenly: the generic cell rate algorithm. */
  readonly #paidUntilMs = new Map<string, number>()
  #allPaidUntilMs = 0
  #purgedAtMs = 0
  #shed: Record<ShedReason, number> = { rate: 0, overload: 0 }
  #toldAtMs = Number.NEGATIVE_INFINITY

  constructor(options: GateOptions) {
    this.#options = options
    this.#lagMs = options.lagMs ?? measuredLag()
  }

  refusalOf(address: string, nowMs: number = performance.now()): ShedReason | undefined {
    const { rules, maxLagMs } = this.#options
    if (rules.isExempt(address)) return undefined
    const lagMs = maxLagMs > 0 ? this.#lagMs() : 0
    const isClosed = lagMs > maxLagMs * lagThatClosesFactor
    const reason = isClosed ? 'overload' : this.#charge(rules.prefixOf(address), lagMs > maxLagMs, nowMs)
    if (reason) this.#tell(address, reason, nowMs)
    return reason
  }

  #charge(prefix: string, isLate: boolean, nowMs: number): ShedReason | undefined {
    const { perMinute, perSecond } = this.#options
    const allAfter = perSecond > 0 ? Math.max(this.#allPaidUntilMs, nowMs) + secondMs / perSecond : nowMs
    const isUnderPressure = isLate || allAfter - nowMs > secondMs
    if (perMinute === 0) {
      if (isUnderPressure) return 'overload'
      this.#allPaidUntilMs = allAfter
      return undefined
    }
    const known = this.#paidUntilMs.get(prefix)
    const after = Math.max(known ?? 0, nowMs) + minuteMs / perMinute
    if (after - nowMs > minuteMs) return 'rate'
    // One connection is always in the share, were it the only one of its minute.
    const share = Math.max(minuteMs * shareUnderPressure, minuteMs / perMinute)
    if (isUnderPressure && after - nowMs > share) return 'overload'
    if (known !== undefined || this.#hasRoom(nowMs)) this.#paidUntilMs.set(prefix, after)
    // Pressure ends as soon as fewer come: those let in beyond the limit are not held against all later ones.
    this.#allPaidUntilMs = Math.min(allAfter, nowMs + secondMs)
    return undefined
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

const lagTickMs = 50
/** Ticks without a question after which nobody measures. */
const maxUnaskedTicks = 20

/** How late a timer was just now; it runs only while somebody asks, and keeps no process alive. */
function measuredLag(): () => number {
  let timer: NodeJS.Timeout | undefined
  let dueMs = 0
  let lagMs = 0
  let unaskedTicks = 0
  const arm = () => {
    dueMs = performance.now() + lagTickMs
    timer = setTimeout(tick, lagTickMs)
    timer.unref()
  }
  const tick = () => {
    timer = undefined
    // One good tick between bad ones does not mean that all is well.
    lagMs = Math.max(performance.now() - dueMs, lagMs / 2)
    unaskedTicks += 1
    if (unaskedTicks < maxUnaskedTicks) arm()
    else lagMs = 0
  }
  return () => {
    unaskedTicks = 0
    if (!timer) arm()
    return lagMs
  }
}
