// A process that opens offices with faults, one at a time, and what the suite needs to look at one. A fault that ends the
// process costs the office that has it, and no other.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { collectionBy } from '../../../../src/pop3/conformance/collection.ts'
import type { SmtpSuiteOptions } from '../../../../src/smtp/conformance/suite.ts'
import type { IntakeFault } from './faults.ts'

const credentials = { user: 'ann', password: 'correct horse 1' }
/** Some faults are answers that never come. */
const patienceMs = 2_000

interface Reply {
  readonly ports?: Readonly<Record<'pop3' | 'smtp' | 'lmtp', number>>
  readonly error?: string
}

export class Intakes {
  readonly #folder: string
  #child: ChildProcess | undefined

  /** The folder holds the certificate, as `office.crt` and `office.key`. */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** Closes the office that is open, and opens one with the fault, or with none. */
  async open(fault: IntakeFault | 'none'): Promise<(protocol: 'smtp' | 'lmtp') => SmtpSuiteOptions> {
    const child = this.#process()
    const ended = new AbortController()
    const abort = () => ended.abort()
    child.once('exit', abort).send(fault)
    const [{ ports, error }] = (await once(child, 'message', { signal: ended.signal })) as [Reply]
    child.off('exit', abort)
    if (!ports) throw new Error(error ?? 'the process has not said where the office is')
    const targetOf = (port: number) => ({
      host: '127.0.0.1',
      port,
      security: 'clear' as const,
      tls: { verify: false },
      patienceMs,
    })
    return protocol => ({
      protocol,
      target: targetOf(ports[protocol]),
      recipient: 'ann@test.example',
      collect: collectionBy({ target: targetOf(ports.pop3), credentials }),
      seed: 'mutants',
    })
  }

  async close(): Promise<void> {
    const child = this.#child
    if (child?.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    // One that a fault has ended a moment ago is on its way already.
    if (child.connected) child.disconnect()
    await exit
  }

  #process(): ChildProcess {
    const last = this.#child
    if (last?.connected) return last
    const program = join(import.meta.dirname, 'programs/intakes.mjs')
    const { user, password } = credentials
    this.#child = fork(program, [this.#folder, user, password], { execArgv: [] })
    return this.#child
  }
}
