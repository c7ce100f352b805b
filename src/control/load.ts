// How busy the server is, second by second, for as long as somebody looks: counted only then.
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import type { ObservedSession, Observer, Observers } from '../net/observer.ts'
import type { Busy, Load } from './api.ts'

const intervalMs = 1_000
const lagResolutionMs = 10
const maxBusiest = 10

/** What was read of a session for the frame before. */
interface Reading {
  readonly octetsIn: number
  readonly octetsOut: number
  readonly commands: number
}

interface CommandCount {
  readonly protocol: string
  readonly verb: string
  count: number
  refused: number
}

const nothing: Reading = { octetsIn: 0, octetsOut: 0, commands: 0 }

export class LoadMeter implements Observer {
  readonly #observers: Observers
  readonly #storeQueue: () => number | undefined
  readonly #viewers = new Set<(load: Load) => void>()
  #timer: NodeJS.Timeout | undefined
  #lag: IntervalHistogram | undefined
  #readAtMs = 0
  #opened = 0
  #commands = new Map<string, CommandCount>()
  #logins = new Map<string, number>()
  #readings = new Map<ObservedSession, Reading>()
  /** What came and went by sessions that have ended since the frame before. */
  #endedSessions: { readonly session: ObservedSession; readonly delta: Reading }[] = []

  constructor(observers: Observers, storeQueue: () => number | undefined) {
    this.#observers = observers
    this.#storeQueue = storeQueue
  }

  /** Shows a frame each second until the function that is returned is called. */
  watch(viewer: (load: Load) => void): () => void {
    this.#viewers.add(viewer)
    if (this.#viewers.size === 1) this.#start()
    return () => {
      if (this.#viewers.delete(viewer) && this.#viewers.size === 0) this.#stop()
    }
  }

  readonly opened = (): void => {
    this.#opened += 1
  }

  readonly ended = (session: ObservedSession): void => {
    this.#endedSessions.push({ session, delta: this.#deltaOf(session) })
    this.#readings.delete(session)
  }

  readonly command = ({ protocol }: ObservedSession, verb: string, result: string): void => {
    const key = `${protocol} ${verb}`
    const known = this.#commands.get(key)
    const row = known ?? { protocol, verb, count: 0, refused: 0 }
    row.count += 1
    if (result !== 'ok' && result !== 'continue') row.refused += 1
    if (!known) this.#commands.set(key, row)
  }

  readonly login = (_session: ObservedSession, _mechanism: string, outcome: string): void => {
    this.#logins.set(outcome, (this.#logins.get(outcome) ?? 0) + 1)
  }

  #start(): void {
    this.#readings = new Map([...this.#observers.sessions].map(session => [session, readingOf(session)]))
    this.#clear()
    this.#observers.add(this)
    this.#lag = monitorEventLoopDelay({ resolution: lagResolutionMs })
    this.#lag.enable()
    this.#timer = setInterval(() => this.#show(), intervalMs)
  }

  #stop(): void {
    clearInterval(this.#timer)
    this.#lag?.disable()
    this.#observers.remove(this)
    this.#readings = new Map()
  }

  #clear(): void {
    this.#readAtMs = performance.now()
    this.#opened = 0
    this.#commands = new Map()
    this.#logins = new Map()
    this.#endedSessions = []
    this.#lag?.reset()
  }

  #show(): void {
    const load = this.#frame()
    this.#clear()
    for (const viewer of this.#viewers) viewer(load)
  }

  #frame(): Load {
    const seconds = (performance.now() - this.#readAtMs) / 1000
    const perSecond = (count: number) => Math.round((count / seconds) * 10) / 10
    const [users, peers] = [new Tally(), new Tally()]
    let [octetsIn, octetsOut] = [0, 0]
    const take = (session: ObservedSession, delta: Reading, isOpen: boolean) => {
      octetsIn += delta.octetsIn
      octetsOut += delta.octetsOut
      if (session.user !== undefined) users.add(session.user, delta, isOpen)
      peers.add(session.peer, delta, isOpen)
    }
    for (const { session, delta } of this.#endedSessions) take(session, delta, false)
    for (const session of this.#observers.sessions) {
      take(session, this.#deltaOf(session), true)
      this.#readings.set(session, readingOf(session))
    }
    return {
      at: new Date().toISOString(),
      uptimeMs: Math.round(process.uptime() * 1000),
      residentOctets: process.memoryUsage.rss(),
      sessions: countStates(this.#observers.sessions),
      openedPerSecond: perSecond(this.#opened),
      commands: [...this.#commands.values()].map(({ protocol, verb, count, refused }) => ({
        protocol,
        verb,
        perSecond: perSecond(count),
        refusedPerSecond: perSecond(refused),
      })),
      logins: [...this.#logins].map(([outcome, count]) => ({ outcome, perSecond: perSecond(count) })),
      octetsInPerSecond: perSecond(octetsIn),
      octetsOutPerSecond: perSecond(octetsOut),
      lagMs: this.#lagMs(),
      storeQueue: this.#storeQueue() ?? null,
      users: users.busiest(perSecond),
      peers: peers.busiest(perSecond),
    }
  }

  #deltaOf(session: ObservedSession): Reading {
    const before = this.#readings.get(session) ?? nothing
    return {
      octetsIn: session.octetsIn - before.octetsIn,
      octetsOut: session.octetsOut - before.octetsOut,
      commands: session.commandCount - before.commands,
    }
  }

  /** The histogram has the whole time between its looks, of which the resolution is as it should be. */
  #lagMs(): Load['lagMs'] {
    const late = (nanoseconds: number) =>
      Number.isFinite(nanoseconds) ? Math.max(0, Math.round(nanoseconds / 1e5) / 10 - lagResolutionMs) : 0
    const lag = this.#lag
    if (!lag || lag.count === 0) return { mean: 0, p99: 0, max: 0 }
    return { mean: late(lag.mean), p99: late(lag.percentile(99)), max: late(lag.max) }
  }
}

/** What sessions of one name have done together. */
class Tally {
  readonly #byName = new Map<string, { sessions: number; commands: number; octets: number }>()

  add(name: string, { octetsIn, octetsOut, commands }: Reading, isOpen: boolean): void {
    const sum = this.#byName.get(name) ?? { sessions: 0, commands: 0, octets: 0 }
    sum.sessions += isOpen ? 1 : 0
    sum.commands += commands
    sum.octets += octetsIn + octetsOut
    this.#byName.set(name, sum)
  }

  busiest(perSecond: (count: number) => number): Busy[] {
    return [...this.#byName]
      .sort(([, one], [, other]) => other.octets - one.octets || other.sessions - one.sessions)
      .slice(0, maxBusiest)
      .map(([name, { sessions, commands, octets }]) => ({
        name,
        sessions,
        commandsPerSecond: perSecond(commands),
        octetsPerSecond: perSecond(octets),
      }))
  }
}

function readingOf({ octetsIn, octetsOut, commandCount }: ObservedSession): Reading {
  return { octetsIn, octetsOut, commands: commandCount }
}

function countStates(sessions: Iterable<ObservedSession>): Load['sessions'] {
  const rows = new Map<string, Load['sessions'][number]>()
  for (const { protocol, stateName: state } of sessions) {
    const row = rows.get(`${protocol} ${state}`) ?? { protocol, state, count: 0 }
    row.count += 1
    rows.set(`${protocol} ${state}`, row)
  }
  return [...rows.values()]
}
