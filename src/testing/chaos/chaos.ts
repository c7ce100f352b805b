// Faults by rule: which command of whom, the how manieth of them, how often by chance. The same rules make the same faults,
// for chance comes from a seed.
import { Random } from '../../conformance/random.ts'
import { foldAddress } from '../../mail/fold.ts'
import { dialects } from './dialect.ts'
import { type ChaosProtocol, type Exchange, greeting } from './exchange.ts'
import { type FaultName, type FaultOptions, faults } from './faults.ts'

/** Where a fault is made. All that is given must hold. */
export interface RulePlace {
  /** Default: any, as far as there is such a fault in it. */
  readonly protocol?: ChaosProtocol
  /**
   * One or several, in any case; `GREETING`; in SMTP `END-OF-DATA`, behind the message, in LMTP for each
   * recipient. Default: those of the fault.
   */
  readonly verb?: string | readonly string[]
  /** Only where this stands in what is behind the verb, in any case: an address, a number. */
  readonly argument?: string
  /** Only the nth command that fits, counted from 1 over all sessions since the rule was added. Default: each. */
  readonly nth?: number
  /** Whom the client has claimed to be: a name or an address. */
  readonly user?: string
  /** From 0 to 1. Default 1. */
  readonly probability?: number
  /** Of the chance. Default: one that is always the same. */
  readonly seed?: string | number
}

export type ChaosRule = {
  readonly [N in FaultName]: RulePlace & { readonly fault: N } & FaultOptions[N]
}[FaultName]

/** A fault that was made. */
export interface Injected {
  readonly rule: ChaosRule
  readonly verb: string
  readonly user: string | undefined
}

/** A rule that holds for an exchange, with its chance. */
export interface Chosen {
  readonly rule: ChaosRule
  readonly random: Random
}

interface ActiveRule extends Chosen {
  readonly verbs: { readonly [P in ChaosProtocol]: ReadonlySet<string> | 'every' }
  seen: number
}

const chances = 1_000_000
const maxInjected = 10_000

export class Chaos {
  #rules: readonly ActiveRule[] = []
  readonly #injected: Injected[] = []

  constructor(rules: readonly ChaosRule[] = []) {
    for (const rule of rules) this.add(rule)
  }

  /** The faults that were made, in order. */
  get injected(): readonly Injected[] {
    return this.#injected
  }

  /** Holds from the next command on, until the function that it gives is called. Throws a TypeError that says what is wrong. */
  add(rule: ChaosRule): () => void {
    check(rule)
    const { seed = 'poplar' } = rule
    const active = {
      rule,
      verbs: { pop3: verbsOf(rule, 'pop3'), smtp: verbsOf(rule, 'smtp'), lmtp: verbsOf(rule, 'lmtp') },
      random: new Random(String(seed)),
      seen: 0,
    }
    this.#rules = [...this.#rules, active]
    return () => {
      this.#rules = this.#rules.filter(each => each !== active)
    }
  }

  /** No more faults, from the next command on. */
  clear(): void {
    this.#rules = []
  }

  /** The first rule that holds. Every rule counts what fits it. */
  choose(exchange: Exchange): Chosen | undefined {
    const holding = this.#rules.filter(each => fits(each, exchange) && holds(each))
    return holding[0]
  }

  note(rule: ChaosRule, { verb, user }: Exchange): void {
    if (this.#injected.length < maxInjected) this.#injected.push({ rule, verb, user })
  }
}

function verbsOf({ protocol, fault, verb }: ChaosRule, of: ChaosProtocol): ReadonlySet<string> | 'every' {
  const own = faults[fault][of]
  if (own === undefined || (protocol !== undefined && protocol !== of)) return new Set()
  const verbs = verb === undefined ? own : [verb].flat()
  return verbs === 'every' ? verbs : new Set(verbs.map(each => each.toUpperCase()))
}

function fits({ rule, verbs }: ActiveRule, { protocol, verb, argument, user }: Exchange): boolean {
  const own = verbs[protocol]
  const isVerb = own === 'every' ? verb !== greeting : own.has(verb)
  const isArgument =
    rule.argument === undefined || argument.toLowerCase().includes(rule.argument.toLowerCase())
  return isVerb && isArgument && (rule.user === undefined || isUser(rule.user, user))
}

/** Counts, and asks chance each time, so that it does not matter which rule came first. */
function holds(active: ActiveRule): boolean {
  const { nth, probability = 1 } = active.rule
  active.seen += 1
  const byChance = active.random.below(chances) < probability * chances
  return byChance && (nth === undefined || active.seen === nth)
}

/** A name without a domain is that of the office. */
function isUser(wanted: string, claimed: string | undefined): boolean {
  const [one, other] = [foldAddress(wanted), foldAddress(claimed ?? '')]
  if (one.includes('@') === other.includes('@')) return one === other
  return one.split('@', 1)[0] === other.split('@', 1)[0]
}

function check({ fault, nth, probability, protocol }: ChaosRule): void {
  if (!Object.hasOwn(faults, fault))
    throw new TypeError(`there is no fault ${JSON.stringify(fault)}: ${Object.keys(faults).join(', ')}`)
  if (protocol !== undefined && !Object.hasOwn(dialects, protocol))
    throw new TypeError('there are faults of pop3, smtp and lmtp')
  if (protocol !== undefined && faults[fault][protocol] === undefined)
    throw new TypeError(`there is no fault ${JSON.stringify(fault)} of ${protocol}`)
  if (nth !== undefined && !(Number.isInteger(nth) && nth >= 1)) throw new TypeError('`nth` counts from 1')
  if (probability !== undefined && !(probability >= 0 && probability <= 1))
    throw new TypeError('`probability` is from 0 to 1')
}
