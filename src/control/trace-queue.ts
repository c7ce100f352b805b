// The lines of one trace on their way out, in order. What claims to be a name is looked up before it is shown. A reader who
// is slow loses lines, and learns how many; the sessions never wait for it.
import type { ObservedSession, TracedLine } from '../net/observer.ts'
import type { TraceEvent } from './api.ts'

/** Writes one event; a promise asks to wait until the reader has caught up. */
export type WriteEvent = (event: TraceEvent) => Promise<void> | undefined
/** The account that a login name means; undefined when there is none. */
export type NameOf = (loginName: string) => Promise<string | undefined>

/** A line with what was known when it was said. */
export type Entry = TracedLine & Pick<ObservedSession, 'id' | 'protocol' | 'peer' | 'user'> & { atMs: number }

const maxWaiting = 1_000
const maxRemembered = 1_000
const noName = '<no name of an account>'

export function entryOf({ id, protocol, peer, user }: ObservedSession, line: TracedLine): Entry {
  return { ...line, id, protocol, peer, user, atMs: Date.now() }
}

export class TraceQueue {
  readonly #write: WriteEvent
  readonly #nameOf: NameOf
  readonly #accounts = new Map<string, boolean>()
  #waiting: (Entry | { lost: number })[] = []
  #pumping: Promise<void> | undefined
  #isClosed = false

  constructor(write: WriteEvent, nameOf: NameOf) {
    this.#write = write
    this.#nameOf = nameOf
  }

  push(entry: Entry): void {
    if (this.#isClosed) return
    const last = this.#waiting.at(-1)
    if (last && 'lost' in last) last.lost += 1
    else this.#waiting.push(this.#waiting.length < maxWaiting ? entry : { lost: 1 })
    this.#pumping ??= this.#pump()
  }

  /** Resolves when all that waits has been written. */
  async finish(): Promise<void> {
    await this.#pumping
  }

  close(): void {
    this.#isClosed = true
    this.#waiting = []
  }

  async #pump(): Promise<void> {
    for (let next = this.#waiting.shift(); next && !this.#isClosed; next = this.#waiting.shift()) {
      await this.#write('lost' in next ? { lost: next.lost } : await this.#eventOf(next))
    }
    this.#pumping = undefined
  }

  async #eventOf({
    atMs,
    id,
    protocol,
    peer,
    user,
    from,
    text,
    claim,
    rest = '',
  }: Entry): Promise<TraceEvent> {
    const name = claim === undefined ? '' : (await this.#isAccount(claim)) ? claim : noName
    const at = new Date(atMs).toISOString()
    return { at, session: id, protocol, peer, user: user ?? null, from, text: text + name + rest }
  }

  async #isAccount(claim: string): Promise<boolean> {
    const known = this.#accounts.get(claim)
    if (known !== undefined) return known
    const isAccount = await this.#nameOf(claim).then(
      name => name !== undefined,
      () => false,
    )
    if (this.#accounts.size >= maxRemembered) this.#accounts.clear()
    this.#accounts.set(claim, isAccount)
    return isAccount
  }
}
