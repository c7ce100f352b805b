// A session's outlet without a socket: keeps what is sent.
import type { SecureChannel } from '../../src/auth/login.ts'
import type { SecurableOutlet } from '../../src/pop3/server/outlet.ts'

export class FakeOutlet implements SecurableOutlet {
  octetsIn = 0
  full = false
  isOpen = true
  wasCut = false
  isPaused = false
  channel: SecureChannel | undefined
  /** Text sent so far, as latin1. */
  text = ''
  #waiting: (() => void) | undefined

  get octetsOut(): number {
    return this.text.length
  }

  sendText(text: string): void {
    if (this.isOpen) this.text += text
  }

  sendOctets(octets: Uint8Array): void {
    if (this.isOpen) this.text += Buffer.from(octets).toString('latin1')
  }

  flush(): void {
    // Nothing is held back here.
  }

  flushSoon(): void {
    // Nothing is held back here.
  }

  drained(): Promise<void> {
    return new Promise(resolve => {
      this.#waiting = resolve
    })
  }

  /** The peer catches up. */
  drain(): void {
    this.full = false
    this.#waiting?.()
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  async startTls(): Promise<void> {
    this.channel = {
      version: 'TLSv1.3',
      cipher: 'none',
      clientCertificate: undefined,
      binding: () => undefined,
    }
  }

  end(): void {
    this.isOpen = false
  }

  cut(): void {
    this.isOpen = false
    this.wasCut = true
    this.drain()
  }

  stalledMs(): number {
    return 0
  }

  takesLessThan(): boolean {
    return false
  }
}
