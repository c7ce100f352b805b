// The ways to a POP3 server, for the walk through its capabilities: in clear, behind STLS, POP3S; with passwords alone or every
// mechanism; for old devices.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls, createSecureContext, type TLSSocket } from 'node:tls'
import { createAuthenticator, type OfficeAuthenticator } from '../../src/auth/authenticator.ts'
import { createSecretBox } from '../../src/auth/sealed-secret.ts'
import { storePassword } from '../../src/auth/stored-password.ts'
import { AccountPolicy, type PolicyRules } from '../../src/mail/account-policy.ts'
import { LoginDelays } from '../../src/mail/login-delays.ts'
import type { Store } from '../../src/mail/store.ts'
import { makeSelfSigned } from '../../src/net/self-signed.ts'
import type { TlsContexts } from '../../src/net/tls.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { addAccount, type Office, openOffice, password, plainAuthenticator } from './office.ts'
import { Peer } from './peer.ts'

export type State = 'AUTHORIZATION' | 'TRANSACTION' | 'TRANSACTION, read-only'

export interface Door {
  readonly what: string
  readonly channel: 'clear' | 'STLS' | 'POP3S'
  /** PASS alone, or APOP and AUTH too. */
  readonly ways: 'password' | 'all'
  /** Where there is none, the server has no certificate. */
  readonly hasTls?: boolean
  readonly cleartextLogin: 'never' | 'always'
  readonly isForOldDevices?: boolean
  readonly implementation?: string
  readonly rules?: Partial<PolicyRules>
}

const cost = { memoryKiB: 64, passes: 1, lanes: 1 }
export const messages = ['Subject: 1\n\none\n', 'Subject: 2\n\ntwo\n']
/** An account whose name is not US-ASCII. */
export const foreignName = 'änne'

/** What the test turns while the server runs. */
interface Shared {
  /** How far the clock was put forward. */
  nowMs: number
  /** Whether logins from now on may only read. */
  isReadOnly: boolean
}

export class OpenDoor {
  readonly door: Door
  readonly office: Office
  readonly store: Store
  readonly #authenticator: OfficeAuthenticator | undefined
  readonly #shared: Shared

  private constructor(
    door: Door,
    office: Office,
    authenticator: OfficeAuthenticator | undefined,
    shared: Shared,
  ) {
    this.door = door
    this.office = office
    this.store = office.store
    this.#authenticator = authenticator
    this.#shared = shared
  }

  static async open(door: Door): Promise<OpenDoor> {
    const store = createMemoryStore()
    const shared = { nowMs: 0, isReadOnly: false }
    const real = door.ways === 'all' ? authenticatorFor(store, shared) : undefined
    const rules = { loginDelayMs: 0, retention: [], ...door.rules }
    const policy = new AccountPolicy({ rules: () => rules, survey: () => store.surveySettings() })
    const office = await openOffice({
      store,
      messages,
      policy,
      loginDelays: new LoginDelays({ now: () => shared.nowMs }),
      cleartextLogin: door.cleartextLogin,
      limits: { loginFailures: 1000, badCommands: 1000, badCommandsBeforeLogin: 1000 },
      authenticator: () => {
        const inner = real ?? plainAuthenticator(store)
        const authenticate: typeof inner.authenticate = async (...of) => {
          const login = await inner.authenticate(...of)
          return login && { ...login, readOnly: shared.isReadOnly }
        }
        return { ...inner, authenticate }
      },
      ...(door.hasTls !== false && { tls: contexts() }),
      ...(door.channel === 'POP3S' && { implicitTls: true }),
      ...(door.isForOldDevices && { isForOldDevices: true }),
      ...(door.implementation !== undefined && { implementation: door.implementation }),
    })
    await addAccount(store, foreignName, [])
    if (real) await keepPasswords(store)
    return new OpenDoor(door, office, real, shared)
  }

  async close(): Promise<void> {
    await this.office.stop()
    await this.#authenticator?.close()
  }

  /** Whether a login may travel over the channel as it is. */
  get mayLogIn(): boolean {
    return this.door.channel !== 'clear' || this.door.cleartextLogin === 'always'
  }

  /** A peer of the door's channel, its greeting read; login delays are over. */
  async connect(): Promise<Greeted> {
    this.#shared.nowMs += 86_400_000
    return this.connectAtOnce()
  }

  async connectAtOnce(): Promise<Greeted> {
    const { channel } = this.door
    if (channel === 'POP3S')
      return greeted(Peer.over(await secured(connectTcp(this.office.port, '127.0.0.1'))))
    const clear = await greeted(await this.office.connect())
    return channel === 'STLS' ? secure(clear) : clear
  }

  /** A peer that may log in, behind STLS if that must be. */
  async connectToLogIn(): Promise<Greeted> {
    const peer = await this.connect()
    return this.mayLogIn ? peer : secure(peer)
  }

  async logIn(): Promise<Peer> {
    const { peer } = await this.connectToLogIn()
    await expectOk(peer, `USER alice`)
    await expectOk(peer, `PASS ${password}`)
    return peer
  }

  async enter(state: State): Promise<Peer> {
    this.#shared.isReadOnly = state === 'TRANSACTION, read-only'
    return state === 'AUTHORIZATION' ? (await this.connect()).peer : this.logIn()
  }
}

export interface Greeted {
  readonly peer: Peer
  /** What the greeting offers for APOP. */
  readonly timestamp: string | undefined
  readonly tls?: TLSSocket
}

export function apopDigest(timestamp: string): string {
  return createHash('md5').update(timestamp).update(password).digest('hex')
}

export async function expectOk(peer: Peer, line: string): Promise<string> {
  const reply = await peer.ask(line)
  if (!reply.startsWith('+OK')) throw new Error(`${line}: ${reply}`)
  return reply
}

/** STLS, and TLS behind it. */
export async function secure({ peer, timestamp }: Greeted): Promise<Greeted> {
  await expectOk(peer, 'STLS')
  peer.socket.removeAllListeners('data')
  const tls = await secured(peer.socket)
  return { peer: Peer.over(tls), timestamp, tls }
}

async function secured(socket: Peer['socket']): Promise<TLSSocket> {
  const tls = connectTls({ socket, rejectUnauthorized: false })
  await once(tls, 'secureConnect')
  return tls
}

async function greeted(peer: Peer): Promise<Greeted> {
  const timestamp = /<.*>/.exec(await peer.line())?.[0]
  return { peer, timestamp }
}

let made: TlsContexts | undefined

function contexts(): TlsContexts {
  if (made) return made
  const context = createSecureContext(makeSelfSigned({ names: ['localhost'], days: 2 }))
  made = { contextFor: () => context, asksForCertificate: false }
  return made
}

const box = createSecretBox(Buffer.alloc(32, 7))

function authenticatorFor(store: Store, shared: Shared): OfficeAuthenticator {
  return createAuthenticator(store, {
    localDomains: ['pop.example'],
    cost,
    registry: store,
    appPasswords: store,
    box,
    throttle: { maxDelayMs: 0 },
    // What it knows of the accounts grows old at once.
    now: () => performance.now() + shared.nowMs,
  })
}

async function keepPasswords(store: Store): Promise<void> {
  for (const { name } of await store.listAccounts()) {
    const options = { cost, scramIterations: 4096, box, owner: name }
    await store.setPassword(name, await storePassword(Buffer.from(password), options))
  }
}
