// A mail office inside a test run: POP3, SMTP and LMTP on loopback ports of the system's choosing, everything in memory,
// mailboxes at will. Many may run at once in a process; nothing is left of one that was closed.
import { AccountPolicy } from '../mail/account-policy.ts'
import { LoginDelays } from '../mail/login-delays.ts'
import type { RetentionRule } from '../mail/retention.ts'
import type { Store } from '../mail/store.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { TestAuthenticator } from './authenticator.ts'
import { type OfficeCertificate, officeCertificate } from './certificate.ts'
import { Chaos, type ChaosRule } from './chaos/chaos.ts'
import { TestClock } from './clock.ts'
import { type CatchAll, createOfficeDelivery } from './delivery.ts'
import { handIn } from './hand-in.ts'
import { type KeepLimits, Letterbox, type MessageFilter, type WaitOptions } from './letterbox.ts'
import { Mailboxes, type NewTestMailbox, type TestMailbox } from './mailboxes.ts'
import type { TestMessage } from './message.ts'
import type { LetterEnvelope, NewLetter } from './new-letter.ts'
import { Removals } from './removal.ts'
import {
  type OfficePorts,
  type OfficeServers,
  type SmtpLoginRule,
  type StartTlsRule,
  startOfficeServers,
} from './servers.ts'
import { SessionLog, type TestSession } from './sessions.ts'

export interface TestOfficeOptions {
  readonly users?: readonly (string | NewTestMailbox)[]
  /** The office's name and the domain of its addresses. Default `office.test`. */
  readonly hostname?: string
  /**
   * Mailboxes for addresses that nobody has, made when mail is for them: at the office's domain, or with `any-domain`
   * wherever. Default: such mail is refused.
   */
  readonly catchAll?: CatchAll
  /** Faults from the beginning on; more by `office.chaos.add`. */
  readonly chaos?: readonly ChaosRule[]
  /** How long an account waits between two logins, RFC 2449 section 6.5, by `office.clock`. Default 0. */
  readonly loginDelayMs?: number
  /** What mail goes by itself, by `office.clock`. Default: it stays. */
  readonly retention?: readonly RetentionRule[]
  /** Of one message. Default 50 MiB. */
  readonly maxMessageOctets?: number
  /** What lies here longest goes when there is more. Default: everything stays. */
  readonly keep?: KeepLimits
  /** Of mailboxes that are given none. Default: each has one of its own. */
  readonly password?: string
  /** The address of this machine to listen at. Default `127.0.0.1`. */
  readonly host?: string
  /** Default: of the system's choosing. */
  readonly ports?: OfficePorts
  /**
   * STLS on the port of POP3 and STARTTLS on that of SMTP: `offered`, or `required` for every login. Default `none`, for many
   * programs take it where it is offered, and do not trust the office's certificate. `pop3s` and `smtps` have TLS anyway.
   */
  readonly startTls?: StartTlsRule
  /** AUTH in SMTP, for the office's mailboxes: `required` takes mail from nobody else. Default `offered`. */
  readonly smtpLogin?: SmtpLoginRule
}

export interface OfficePort {
  readonly host: string
  readonly port: number
}

export interface TestOffice extends AsyncDisposable {
  readonly hostname: string
  readonly pop3: OfficePort
  /** TLS from the first octet on, RFC 8314 section 3.2. */
  readonly pop3s: OfficePort
  readonly smtp: OfficePort
  readonly smtps: OfficePort
  readonly lmtp: OfficePort
  /** PEM: who trusts it has TLS with the office. Its names are `hostname`, `localhost` and the addresses of this machine. */
  readonly certificate: string
  /** In the order in which they were made. */
  readonly mailboxes: readonly TestMailbox[]
  /** Rejects with a `Refusal`: `bad-name`, `account-exists`. */
  addUser(user: string | NewTestMailbox): Promise<TestMailbox>
  /** A new one of a random name. */
  createMailbox(secrets?: Omit<NewTestMailbox, 'name'>): Promise<TestMailbox>
  /** The one of this name or address; undefined when there is none. */
  mailbox(nameOrAddress: string): TestMailbox | undefined
  /**
   * Hands a message in without a protocol, and gives it as it was laid down. Octets as they are: their line ends become CRLF,
   * their envelope is what their header says unless it is given. Rejects when a recipient is not known.
   */
  deliver(letter: NewLetter): Promise<TestMessage>
  deliver(octets: string | Uint8Array, envelope?: Partial<LetterEnvelope>): Promise<TestMessage>
  /** What came in, by whatever way, whether or not it was fetched meanwhile; once however many received it. */
  messages(filter?: MessageFilter): Promise<readonly TestMessage[]>
  /**
   * Takes away what came in and fits, out of the maildrops as well, and gives how many there were. A POP3 session that has a
   * maildrop open goes on with what it sees.
   */
  removeMessages(filter?: MessageFilter): Promise<number>
  /**
   * The first message that fits and that no wait with the same filter has returned before: one that is there already, or
   * the next to come. Rejects when the time is over with a `NoMessageError` that tells what did come.
   */
  waitForMessage(options?: WaitOptions): Promise<TestMessage>
  /** All sessions with their transcripts, secrets left out, in the order in which they began. */
  readonly sessions: readonly TestSession[]
  readonly clock: TestClock
  /** Faults on purpose. */
  readonly chaos: Chaos
  /** Ends sessions and waits; frees the ports. Also twice. */
  close(): Promise<void>
}

const defaultHostname = 'office.test'
const defaultHost = '127.0.0.1'
const defaultMaxOctets = 50 * 1024 * 1024
/** The store looks after its locks three times in this span, by a timer that can wait 24 days; the clock may be moved. */
const leaseMs = 6_000_000_000

/** Rejects with a `Refusal` for users that cannot be, a TypeError for rules that cannot be; then nothing is left open. */
export async function startTestOffice(options: TestOfficeOptions = {}): Promise<TestOffice> {
  const office = new MemoryOffice(options)
  try {
    await office.start(options.users ?? [])
    return office
  } catch (error) {
    await office.close()
    throw error
  }
}

class MemoryOffice implements TestOffice {
  readonly hostname: string
  readonly clock: TestClock
  readonly chaos: Chaos
  readonly #store: Store
  readonly #options: TestOfficeOptions
  readonly #mailboxes: Mailboxes
  readonly #letters: Letterbox
  readonly #removals: Removals
  readonly #certificate: OfficeCertificate
  readonly #delivery: ReturnType<typeof createOfficeDelivery>
  readonly #authenticator: TestAuthenticator
  readonly #sessions: SessionLog
  #servers: OfficeServers | undefined
  #closed: Promise<void> | undefined

  constructor(options: TestOfficeOptions) {
    const { hostname = defaultHostname, catchAll = false, retention = [] } = options
    const maxOctets = options.maxMessageOctets ?? defaultMaxOctets
    this.#options = options
    this.hostname = hostname
    this.#certificate = officeCertificate(hostname, options.host ?? defaultHost)
    this.chaos = new Chaos(options.chaos ?? [])
    this.clock = new TestClock(async () => void (await this.#store.applyRetention(retention)))
    const { now } = this.clock
    this.#store = createMemoryStore({ now, leaseMs })
    this.#mailboxes = new Mailboxes(this.#store, hostname, options.password)
    this.#removals = new Removals(this.#store, now)
    this.#letters = new Letterbox({
      domain: hostname,
      keep: options.keep,
      onRemoved: copies => this.#removals.remove(copies),
    })
    this.#authenticator = new TestAuthenticator(this.#store, this.#mailboxes, hostname)
    this.#sessions = new SessionLog(claimed => this.#authenticator.isName(claimed))
    this.#delivery = createOfficeDelivery({
      store: this.#store,
      mailboxes: this.#mailboxes,
      hostname,
      catchAll,
      maxOctets,
      now,
      onDelivered: letter => this.#letters.add(letter),
    })
  }

  async start(users: readonly (string | NewTestMailbox)[]): Promise<void> {
    for (const user of users) await this.addUser(user)
    const { loginDelayMs = 0, retention = [], maxMessageOctets: maxOctets = defaultMaxOctets } = this.#options
    this.#servers = await startOfficeServers({
      host: this.#options.host ?? defaultHost,
      ports: this.#options.ports ?? {},
      hostname: this.hostname,
      store: this.#removals,
      authenticator: this.#authenticator,
      delivery: this.#delivery,
      policy: new AccountPolicy({ rules: () => ({ loginDelayMs, retention }) }),
      loginDelays: new LoginDelays({ now: this.clock.now }),
      observer: this.#sessions,
      chaos: this.chaos,
      certificate: this.#certificate,
      startTls: this.#options.startTls ?? 'none',
      smtpLogin: this.#options.smtpLogin ?? 'offered',
      maxOctets,
    })
  }

  get pop3(): OfficePort {
    return this.#started.pop3
  }

  get pop3s(): OfficePort {
    return this.#started.pop3s
  }

  get smtp(): OfficePort {
    return this.#started.smtp
  }

  get smtps(): OfficePort {
    return this.#started.smtps
  }

  get certificate(): string {
    return this.#certificate.text
  }

  get lmtp(): OfficePort {
    return this.#started.lmtp
  }

  get mailboxes(): readonly TestMailbox[] {
    return this.#mailboxes.all
  }

  get sessions(): readonly TestSession[] {
    return this.#sessions.sessions
  }

  addUser(user: string | NewTestMailbox): Promise<TestMailbox> {
    return this.#mailboxes.add(typeof user === 'string' ? { name: user } : user)
  }

  createMailbox(secrets?: Omit<NewTestMailbox, 'name'>): Promise<TestMailbox> {
    return this.#mailboxes.create(secrets)
  }

  mailbox(nameOrAddress: string): TestMailbox | undefined {
    return this.#mailboxes.named(this.#mailboxes.nameOf(nameOrAddress))
  }

  async deliver(
    letter: NewLetter | string | Uint8Array,
    envelope: Partial<LetterEnvelope> = {},
  ): Promise<TestMessage> {
    const office = { domain: this.hostname, now: new Date(this.clock.now()) }
    return this.#letters.find(await handIn(letter, envelope, this.#delivery, office))
  }

  messages(filter?: MessageFilter): Promise<readonly TestMessage[]> {
    return this.#letters.messages(filter)
  }

  removeMessages(filter?: MessageFilter): Promise<number> {
    return this.#letters.remove(filter)
  }

  waitForMessage(options?: WaitOptions): Promise<TestMessage> {
    return this.#letters.wait(options)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    this.#letters.close()
    await this.#servers?.close()
    await this.#store.close()
  }

  get #started(): OfficeServers {
    if (!this.#servers) throw new Error('the office has not started')
    return this.#servers
  }
}
