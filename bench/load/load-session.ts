// One session from connect to the server's close, which says its steps and takes nothing but the replies expected.

import { ReplyChecker } from './reply-checker.ts'
import type { Step } from './script.ts'
import { openTransport, type TlsMemory, type Transport } from './transport.ts'

export interface PreparedSession {
  /** Whose session it is, for complaints. */
  readonly name: string
  readonly steps: readonly Step[]
  readonly tls?: TlsMemory
}

export interface SessionEvents {
  /** A message has come. */
  readonly message: (octets: number) => void
  /** All steps are done, and the server closed. */
  readonly done: () => void
  readonly failed: (error: Error) => void
}

export class LoadSession {
  readonly #prepared: PreparedSession
  readonly #events: SessionEvents
  readonly #transport: Transport
  readonly #checker = new ReplyChecker()
  #step = 0
  #reply = 0

  constructor(port: number, prepared: PreparedSession, events: SessionEvents) {
    this.#prepared = prepared
    this.#events = events
    this.#expect()
    this.#transport = openTransport(
      { port, tls: prepared.tls },
      {
        take: chunk => this.#take(chunk),
        closed: () => {
          if (this.#step === prepared.steps.length) events.done()
          else events.failed(this.#wrong('the server closed early'))
        },
        failed: events.failed,
      },
    )
  }

  #expect(): void {
    const expected = this.#prepared.steps[this.#step]?.replies[this.#reply]
    if (expected) this.#checker.expect(expected)
  }

  #take(chunk: Buffer): void {
    let offset = 0
    while (offset < chunk.length) {
      const step = this.#prepared.steps[this.#step]
      const expected = step?.replies[this.#reply]
      if (!step || !expected) throw this.#wrong('too many octets')
      const end = this.#checker.feed(chunk, offset)
      if (typeof end === 'string') throw this.#wrong(end)
      if (end === undefined) return
      offset = end
      if (expected.isMessage) this.#events.message(expected.bodyOctets ?? 0)
      this.#advance(step)
    }
  }

  #advance(step: Step): void {
    this.#reply += 1
    if (this.#reply === step.replies.length) {
      this.#reply = 0
      this.#step += 1
      const send = this.#prepared.steps[this.#step]?.send
      if (send !== undefined) {
        this.#transport.write(typeof send === 'string' ? send : send(this.#checker.status))
      }
    }
    this.#expect()
  }

  #wrong(what: string): Error {
    const send = this.#prepared.steps[this.#step]?.send
    const said = typeof send === 'string' ? JSON.stringify(send.slice(0, 40)) : `step ${this.#step}`
    return new Error(`${what}: ${this.#prepared.name}, after ${said}, reply ${this.#reply + 1}`)
  }
}
