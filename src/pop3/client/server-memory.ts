// What sessions learned of a server the hard way, so that the next one need not: that CAPA makes it hang, that commands ahead
// do. It is forgotten after a day, for servers are mended.
import type { Quirks } from './quirks.ts'

const maxServers = 1_000
const memoryMs = 86_400_000

export type Learned = Partial<Pick<Quirks, 'capa' | 'uidl' | 'window'>>

interface Entry {
  readonly learned: Learned
  readonly at: number
}

/** Bounded: of the servers of which it was longest ago it forgets. */
export class ServerMemory {
  readonly #servers = new Map<string, Entry>()
  readonly #now: () => number

  /** `now` in milliseconds, as `Date.now`. */
  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  of(host: string, port: number): Learned {
    const entry = this.#servers.get(keyOf(host, port))
    return entry && this.#now() - entry.at < memoryMs ? entry.learned : {}
  }

  learn(host: string, port: number, learned: Learned): void {
    const key = keyOf(host, port)
    const all = { ...this.of(host, port), ...learned }
    this.#servers.delete(key)
    this.#servers.set(key, { learned: all, at: this.#now() })
    const [oldest] = this.#servers.keys()
    if (this.#servers.size > maxServers && oldest !== undefined) this.#servers.delete(oldest)
  }

  forget(host: string, port: number): void {
    this.#servers.delete(keyOf(host, port))
  }
}

function keyOf(host: string, port: number): string {
  return `${host.toLowerCase()}:${port}`
}

export const sharedMemory = new ServerMemory()
