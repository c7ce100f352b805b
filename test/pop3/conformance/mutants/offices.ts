// A process that opens offices with faults, one at a time, and what the suite needs to look at one. A fault that ends the
// process costs the office that has it, and no other.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { deliveryBy } from '../../../../src/conformance/delivery.ts'
import type { Target } from '../../../../src/conformance/play.ts'
import type { Pop3SuiteOptions } from '../../../../src/pop3/conformance/suite.ts'
import type { Fault, StoreKind } from './fault.ts'

const credentials = { user: 'ann', password: 'correct horse 1' }
/** Some faults are answers that never come. */
const patienceMs = 4_000

type Question =
  | { readonly ask: 'open'; readonly fault: Fault | 'none'; readonly store: StoreKind }
  | { readonly ask: 'expunge' }

interface Reply {
  readonly ports?: Readonly<Record<'pop3' | 'pop3s' | 'lmtp', number>>
  readonly error?: string
}

export class Offices {
  readonly #folder: string
  #child: ChildProcess | undefined

  /** The folder holds the certificate, as `office.crt` and `office.key`. */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** Closes the office that is open, and opens one with the fault, or with none. */
  async open(
    fault: Fault | 'none',
    store: StoreKind = 'memory',
  ): Promise<(security: Target['security']) => Pop3SuiteOptions> {
    const question = { ask: 'open', fault, store } as const
    // The office before may have ended the process just now: another one is asked.
    const { ports } = await this.#ask(question).catch(async () => {
      await this.close()
      return this.#ask(question)
    })
    if (!ports) throw new Error('the process has not said where the office is')
    const { pop3, pop3s, lmtp } = ports
    const host = '127.0.0.1'
    const to = { host, port: lmtp, recipient: credentials.user, patienceMs }
    return security => ({
      target: {
        host,
        port: security === 'tls' ? pop3s : pop3,
        security,
        tls: { verify: false },
        patienceMs,
      },
      credentials,
      deliver: deliveryBy({ ...to, protocol: 'lmtp' }),
      expungeFirst: async () => {
        await this.#ask({ ask: 'expunge' })
      },
      seed: 'mutants',
    })
  }

  async close(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child?.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }

  /** Rejects when the process ends instead, or has ended. */
  async #ask(question: Question): Promise<Reply> {
    const child = this.#process()
    const ended = new AbortController()
    const end = () => ended.abort()
    child.once('exit', end)
    try {
      child.send(question)
      const [reply] = (await once(child, 'message', { signal: ended.signal })) as [Reply]
      if (reply.error !== undefined) throw new Error(reply.error)
      return reply
    } finally {
      child.off('exit', end)
    }
  }

  #process(): ChildProcess {
    const last = this.#child
    if (last?.connected) return last
    const program = join(import.meta.dirname, 'programs/offices.mjs')
    const { user, password } = credentials
    this.#child = fork(program, [this.#folder, user, password], {
      execArgv: [],
      // What an office with a fault says when it ends.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    // Whoever asks one that has ended is told; nobody asks when that is heard too late.
    this.#child.on('error', () => undefined)
    return this.#child
  }
}
