// What sessions do, counted as an observer of them. Sessions that are open are looked at only when somebody asks.
import { Gauge, type Registry } from 'prom-client'
import type { ObservedSession, Observer } from '../net/observer.ts'
import { type Count, CountFamily, DurationFamily, type Durations, otherLabel } from './tally.ts'

type Protocol = ObservedSession['protocol']

/** Of one verb of one protocol. */
interface CommandCells {
  /** As it is told. */
  readonly verb: string
  readonly durations: Durations
  readonly byResult: Map<string, Count>
}

interface Octets {
  in: number
  out: number
}

/** Both come from tables of ours; should they not, they end here. */
const maxVerbs = 64
const maxResults = 32

export class SessionMetrics implements Observer {
  readonly #registry: Registry
  readonly #sessions: ReadonlySet<ObservedSession>
  readonly #opened: CountFamily
  readonly #ends: CountFamily
  readonly #lifetimes: DurationFamily
  readonly #turnedAway: CountFamily
  readonly #commands: CountFamily
  readonly #durations: DurationFamily
  readonly #logins: CountFamily
  readonly #deliveries: CountFamily
  readonly #octets: CountFamily
  readonly #cells = new Map<Protocol, Map<string, CommandCells>>()
  /** Of sessions that have ended. */
  readonly #octetsBefore = new Map<Protocol, Octets>()

  /** `sessions` are those that are open. */
  constructor(registry: Registry, sessions: ReadonlySet<ObservedSession>) {
    this.#registry = registry
    this.#sessions = sessions
    this.#opened = this.#count('sessions_opened_total', 'Sessions that began, by listener.', ['service'])
    this.#ends = this.#count('session_ends_total', 'Sessions that ended, and why.', ['protocol', 'reason'])
    this.#lifetimes = this.#durationsOf('session_duration_seconds', 'How long sessions lasted.', ['protocol'])
    this.#turnedAway = this.#count(
      'connections_turned_away_total',
      'Connections that never became a session: too many, not let in, TLS that came to nothing.',
      ['service', 'reason'],
    )
    this.#commands = this.#count('commands_total', 'Commands that were answered, and how.', [
      'protocol',
      'verb',
      'result',
    ])
    this.#durations = this.#durationsOf(
      'command_duration_seconds',
      'From the line of a command to the last octet of its answer; of DATA, from the end of the message.',
      ['protocol', 'verb'],
    )
    this.#logins = this.#count('logins_total', 'Logins that were tried, and how they went.', [
      'protocol',
      'mechanism',
      'outcome',
    ])
    this.#deliveries = this.#count(
      'deliveries_total',
      'Replies to messages; in LMTP one for each recipient.',
      ['protocol', 'result'],
    )
    this.#octets = this.#count(
      'octets_total',
      'Octets of sessions, without TLS around them.',
      ['protocol', 'direction'],
      () => this.#countOctets(),
    )
    this.#showSessions()
  }

  opened({ service }: ObservedSession): void {
    this.#opened.of(service).value += 1
  }

  ended({ protocol, startedAtMs, octetsIn, octetsOut }: ObservedSession, reason: string): void {
    this.#ends.of(protocol, reason).value += 1
    this.#lifetimes.of(protocol).observe(performance.now() - startedAtMs)
    const before = this.#octetsOf(protocol)
    before.in += octetsIn
    before.out += octetsOut
  }

  command({ protocol }: ObservedSession, verb: string, result: string, durationMs: number): void {
    const cells = this.#cellsOf(protocol, verb)
    cells.durations.observe(durationMs)
    const count = cells.byResult.get(result) ?? this.#addResult(protocol, cells, result)
    count.value += 1
  }

  login({ protocol }: ObservedSession, mechanism: string, outcome: string): void {
    this.#logins.of(protocol, mechanism, outcome).value += 1
  }

  delivery({ protocol }: ObservedSession, result: string): void {
    this.#deliveries.of(protocol, result).value += 1
  }

  turnedAway(service: string, _peer: string, reason: string): void {
    this.#turnedAway.of(service, reason).value += 1
  }

  #cellsOf(protocol: Protocol, verb: string): CommandCells {
    let byVerb = this.#cells.get(protocol)
    if (!byVerb) {
      byVerb = new Map()
      this.#cells.set(protocol, byVerb)
    }
    const known = byVerb.get(verb)
    if (known) return known
    if (byVerb.size >= maxVerbs && verb !== otherLabel) return this.#cellsOf(protocol, otherLabel)
    const cells = { verb, durations: this.#durations.of(protocol, verb), byResult: new Map<string, Count>() }
    byVerb.set(verb, cells)
    return cells
  }

  #addResult(protocol: Protocol, { verb, byResult }: CommandCells, result: string): Count {
    if (byResult.size >= maxResults) return this.#commands.of(protocol, verb, otherLabel)
    const count = this.#commands.of(protocol, verb, result)
    byResult.set(result, count)
    return count
  }

  #octetsOf(protocol: Protocol): Octets {
    const known = this.#octetsBefore.get(protocol)
    if (known) return known
    const octets = { in: 0, out: 0 }
    this.#octetsBefore.set(protocol, octets)
    return octets
  }

  #countOctets(): void {
    for (const { protocol } of this.#sessions) this.#octetsOf(protocol)
    for (const [protocol, before] of this.#octetsBefore) {
      const now = { ...before }
      for (const session of this.#sessions) {
        if (session.protocol !== protocol) continue
        now.in += session.octetsIn
        now.out += session.octetsOut
      }
      this.#octets.of(protocol, 'in').value = now.in
      this.#octets.of(protocol, 'out').value = now.out
    }
  }

  /** Combinations that were there once stay, at 0: a line that ends says less than one at the bottom. */
  #showSessions(): void {
    const sessions = this.#sessions
    const seen = new Map<string, { labels: Readonly<Record<string, string>>; count: number }>()
    new Gauge({
      name: 'poplar_sessions',
      help: 'Sessions that are open, by protocol, version of TLS (`none` in clear) and state.',
      labelNames: ['protocol', 'tls', 'state'],
      registers: [this.#registry],
      collect() {
        for (const entry of seen.values()) entry.count = 0
        for (const { protocol, channel, stateName: state } of sessions) {
          const tls = channel?.version ?? 'none'
          const key = `${protocol} ${tls} ${state}`
          const entry = seen.get(key) ?? { labels: { protocol, tls, state }, count: 0 }
          entry.count += 1
          seen.set(key, entry)
        }
        for (const { labels, count } of seen.values()) this.set(labels, count)
      },
    })
  }

  #count(name: string, help: string, labelNames: readonly string[], collect?: () => void): CountFamily {
    const family = new CountFamily({ name: `poplar_${name}`, help, labelNames, ...(collect && { collect }) })
    return family.registerIn(this.#registry)
  }

  #durationsOf(name: string, help: string, labelNames: readonly string[]): DurationFamily {
    return new DurationFamily({ name: `poplar_${name}`, help, labelNames }).registerIn(this.#registry)
  }
}
