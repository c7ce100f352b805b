// A session that does nothing but be observed.
import type { ObservedSession, Tracer } from '../../src/net/observer.ts'

export class FakeSession implements ObservedSession {
  readonly id: string
  protocol: ObservedSession['protocol'] = 'pop3'
  service = 'pop3'
  peer = '192.0.2.1'
  stateName = 'authorization'
  user: string | undefined
  mechanism: string | undefined
  channel: ObservedSession['channel']
  octetsIn = 0
  octetsOut = 0
  commandCount = 0
  startedAtMs = 0
  activeAtMs = 0
  tracer: Tracer | undefined
  onEnd: () => void = () => {}

  constructor(id: string, about: Partial<FakeSession> = {}) {
    this.id = id
    Object.assign(this, about)
  }

  endByOperator(): void {
    this.onEnd()
  }

  /** A line of the client; `claim` is what it says its name is. */
  says(text: string, claim?: string): void {
    this.tracer?.trace(this, { from: 'client', text, ...(claim !== undefined && { claim }) })
  }
}
