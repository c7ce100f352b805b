// An intake on a free port with accounts behind it, and a client that speaks raw octets to it.
import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createMailDelivery, type MailDelivery } from '../../../src/mail/delivery/deliver.ts'
import type { DeliveryTarget } from '../../../src/mail/delivery-target.ts'
import { type Intake, type IntakeOptions, startIntake } from '../../../src/smtp/intake/intake.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { LinePeer } from '../../e2e/line-peer.ts'
import { CountingTarget } from '../../mail/delivery/counting-target.ts'

export interface TestIntakeOptions extends Partial<Omit<IntakeOptions, 'delivery'>> {
  readonly target?: DeliveryTarget
  readonly bareNewline?: 'normalize' | 'reject'
  readonly resolve?: MailDelivery['resolve']
}

const running: TestIntake[] = []

/** For `afterEach`. */
export async function closeIntakes(): Promise<void> {
  for (const { intake } of running.splice(0)) await intake.close()
}

/** Sends both parts as packets of their own, as far as a sender can have a say in it. */
export async function sendCut(peer: LinePeer, octets: Uint8Array, at: number): Promise<void> {
  peer.socket.setNoDelay(true)
  for (const part of [octets.subarray(0, at), octets.subarray(at)]) {
    if (part.length === 0) continue
    if (!peer.socket.write(part)) await once(peer.socket, 'drain')
    // The server shares our event loop: it reads before the next part is written.
    await nextTurn()
    await nextTurn()
  }
}

export class TestIntake {
  readonly protocol: 'smtp' | 'lmtp'
  readonly intake: Intake
  readonly target: CountingTarget
  /** What was logged, by level. */
  readonly log: { readonly level: string; readonly fields: Record<string, unknown> }[]

  private constructor(
    protocol: 'smtp' | 'lmtp',
    intake: Intake,
    target: CountingTarget,
    log: TestIntake['log'],
  ) {
    this.protocol = protocol
    this.intake = intake
    this.target = target
    this.log = log
  }

  /** Accounts `ann`, `bob` and `full` (no room left), the alias `team@example.org` for the first two. */
  static async start(protocol: 'smtp' | 'lmtp', options: TestIntakeOptions = {}): Promise<TestIntake> {
    const store = createMemoryStore()
    for (const name of ['ann', 'bob']) {
      await store.addAccount({ name })
      await store.addAlias({ address: 'team@example.org', accountName: name })
    }
    await store.addAccount({ name: 'full', quotaOctets: 100 })
    const counting = new CountingTarget()
    const { target = counting, bareNewline = 'normalize', resolve, ...others } = options
    const maxOctets = options.maxOctets ?? 1_000_000
    const delivery = createMailDelivery({
      directory: store,
      target,
      hostname: 'mx.example.org',
      localDomains: ['example.org'],
      subaddressSeparator: '+',
      maxOctets,
      bareNewline,
    })
    const log: TestIntake['log'] = []
    const at = (level: string) => (fields: object) => void log.push({ level, fields: { ...fields } })
    const intake = await startIntake({
      protocol,
      listen: [{ host: '127.0.0.1', port: 0 }],
      hostname: 'mx.example.org',
      delivery: resolve ? { ...delivery, resolve } : delivery,
      maxOctets,
      log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
      ...others,
    })
    const started = new TestIntake(protocol, intake, counting, log)
    running.push(started)
    return started
  }

  get port(): number {
    return this.intake.addresses[0]?.port ?? 0
  }

  /** A client that was greeted and has said who it is. */
  async client(hello = 'LHLO/EHLO'): Promise<LinePeer> {
    const peer = await LinePeer.connect(this.port)
    const greeting = await peer.smtpReply()
    const name = greeting.includes('LMTP') ? 'LHLO' : 'EHLO'
    const reply = await peer.askSmtp(hello === 'LHLO/EHLO' ? `${name} client.example` : hello)
    if (!reply.startsWith('250')) throw new Error(reply)
    return peer
  }

  /** A client that may send mail data now. */
  async clientInData(...recipients: readonly string[]): Promise<LinePeer> {
    const peer = await this.client()
    const to = recipients.length > 0 ? recipients : ['ann@example.org']
    for (const command of ['MAIL FROM:<x@y.example>', ...to.map(path => `RCPT TO:<${path}>`), 'DATA']) {
      const reply = await peer.askSmtp(command)
      if (!/^[23]/.test(reply)) throw new Error(`${command}: ${reply}`)
    }
    return peer
  }

  /** The messages without the Received field in front. */
  get bodies(): string[] {
    return this.target.laid.map(({ content }) => content.replace(/^Received: (?:[^\r]|\r\n\t)*\r\n/, ''))
  }
}
