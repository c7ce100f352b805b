// One run of one case: its wires, what it remembers, and the texts that stand for what is only known now.
import type { DialAddress, DialTls } from '../net/dialer.ts'
import { Failure } from './case.ts'
import { Random } from './random.ts'
import { Transcript } from './transcript.ts'
import { isRefused, Wire } from './wire.ts'

/** The server, and how it is reached. */
export interface Target extends DialAddress {
  readonly security: 'clear' | 'starttls' | 'tls'
  readonly tls: DialTls
  /** How long any answer may take, in milliseconds. */
  readonly patienceMs: number
}

export interface PlayOptions {
  readonly target: Target
  readonly seed: string
  /** What `{name}` in a text stands for, besides what the case itself remembers. */
  readonly words: Readonly<Record<string, string>>
}

export class Play {
  readonly target: Target
  readonly transcript = new Transcript()
  readonly random: Random
  /** What steps have found out, for those that follow. */
  readonly memory = new Map<string, unknown>()
  readonly #words: Readonly<Record<string, string>>
  readonly #wires = new Map<string, Wire>()
  /** The connection that steps speak of. */
  #current = 'first'
  #isClosed = false

  constructor({ target, seed, words }: PlayOptions) {
    this.target = target
    this.random = new Random(seed)
    this.#words = words
  }

  /** Throws when the case did not open it: a mistake of the case. */
  get wire(): Wire {
    const wire = this.#wires.get(this.#current)
    if (!wire) throw new Error(`the case never opened its ${this.#current} connection`)
    return wire
  }

  get wireName(): string {
    return this.#current
  }

  /** Opens the current connection. In clear, or with TLS at once where the target has that, unless said otherwise. */
  async open(
    security: Target['security'] = this.target.security,
    tlsOptions = this.target.tls,
  ): Promise<Wire> {
    const { transcript, target } = this
    const { host, port, patienceMs } = target
    const tls = security === 'tls' ? tlsOptions : undefined
    const options = { name: this.#current, host, port, tls, transcript, patienceMs }
    const wire = await Wire.open(options).catch((error: unknown) => {
      // Who took a connection a moment ago and listens no more was ended by the case.
      if (this.#wires.size > 0 && isRefused(error)) throw new Failure('the server has ended: nobody listens')
      throw error
    })
    if (this.#isClosed) {
      wire.drop()
      throw new Failure('the time was over when the connection stood')
    }
    this.#wires.get(this.#current)?.drop()
    this.#wires.set(this.#current, wire)
    return wire
  }

  /** Does the work on another connection, which stays open. */
  async on(name: string, work: () => Promise<void>): Promise<void> {
    const before = this.#current
    this.#current = name
    try {
      await work()
    } finally {
      this.#current = before
    }
  }

  /** Cuts the connections whose names begin so. */
  dropAll(prefix: string): void {
    for (const [name, wire] of this.#wires) if (name.startsWith(prefix)) wire.drop()
  }

  /** The text with `{name}` replaced: by what is remembered, then by the words of the play. `{` alone is itself. */
  fill(text: string): string {
    return text.replace(/\{([a-z][a-zA-Z]*)\}/g, (whole, name: string) => {
      const value = this.memory.get(name) ?? this.#words[name]
      return typeof value === 'string' || typeof value === 'number' ? String(value) : whole
    })
  }

  /** Cuts every connection; none is opened after it. */
  close(): void {
    this.#isClosed = true
    for (const wire of this.#wires.values()) wire.drop()
  }
}
