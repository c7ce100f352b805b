// The servers of a test office: those of any other, without the patience and the limits that a test would only wait for, each
// behind the place where faults are made.
import type { AccountPolicy } from '../mail/account-policy.ts'
import type { MailDelivery } from '../mail/delivery/deliver.ts'
import type { LoginDelays } from '../mail/login-delays.ts'
import type { MaildropStore } from '../mail/maildrop-store.ts'
import type { ListenAddress } from '../net/listener.ts'
import type { Observer } from '../net/observer.ts'
import { startPop3Server } from '../pop3/server/server.ts'
import { startIntake } from '../smtp/intake/intake.ts'
import type { TestAuthenticator } from './authenticator.ts'
import type { OfficeCertificate } from './certificate.ts'
import type { Chaos } from './chaos/chaos.ts'
import { dialects } from './chaos/dialect.ts'
import type { ChaosProtocol } from './chaos/exchange.ts'
import { startChaosFront } from './chaos/front.ts'

/** Of each server its port; 0, or none, lets the system choose. */
export interface OfficePorts {
  readonly pop3?: number
  readonly pop3s?: number
  readonly smtp?: number
  readonly smtps?: number
  readonly lmtp?: number
}

/** Whether STLS and STARTTLS are offered on the ports in clear, and whether a login needs them. */
export type StartTlsRule = 'none' | 'offered' | 'required'
/** Whether AUTH is offered in SMTP, and whether mail needs it. */
export type SmtpLoginRule = 'none' | 'offered' | 'required'

export interface OfficeServerParts {
  /** The address all listen at. */
  readonly host: string
  readonly ports: OfficePorts
  readonly hostname: string
  readonly store: MaildropStore
  readonly authenticator: TestAuthenticator
  readonly delivery: MailDelivery
  readonly policy: AccountPolicy
  readonly loginDelays: LoginDelays
  readonly observer: Observer
  readonly chaos: Chaos
  readonly maxOctets: number
  readonly certificate: OfficeCertificate
  readonly startTls: StartTlsRule
  readonly smtpLogin: SmtpLoginRule
}

export interface OfficeServers {
  readonly pop3: ListenAddress
  readonly pop3s: ListenAddress
  readonly smtp: ListenAddress
  readonly smtps: ListenAddress
  readonly lmtp: ListenAddress
  close(): Promise<void>
}

/** What is spoken at each, and whether TLS is there from the first octet on. */
const doors = {
  pop3: { protocol: 'pop3', hasImplicitTls: false },
  pop3s: { protocol: 'pop3', hasImplicitTls: true },
  smtp: { protocol: 'smtp', hasImplicitTls: false },
  smtps: { protocol: 'smtp', hasImplicitTls: true },
  lmtp: { protocol: 'lmtp', hasImplicitTls: false },
} as const satisfies Record<
  keyof OfficePorts,
  { readonly protocol: ChaosProtocol; readonly hasImplicitTls: boolean }
>
/** Of what is behind the place where faults are made. */
const inside = [{ host: '127.0.0.1', port: 0 }]
const handshakeTimeoutMs = 10_000

interface Server {
  readonly addresses: readonly ListenAddress[]
  close(): Promise<void>
}

/** Rejects with all of them closed again. */
export async function startOfficeServers(parts: OfficeServerParts): Promise<OfficeServers> {
  const running: Server[] = []
  const closeAll = async () => {
    // What is in front first: behind it sessions end as their peers go.
    for (const server of running.reverse()) await server.close()
  }
  const start = async (starting: Promise<Server>) => {
    const server = await starting
    running.push(server)
    const [address] = server.addresses
    if (!address) throw new Error('a server without an address')
    return address
  }
  const { host, ports, chaos, certificate } = parts
  const at = (port = 0) => [{ host, port }]
  const { contexts } = certificate
  /** In front of a server that only this office reaches. */
  const lead = async (name: keyof OfficePorts, starting: Promise<Server>) => {
    const { protocol, hasImplicitTls } = doors[name]
    const server = { ...(await start(starting)), hasImplicitTls }
    const dialect = dialects[protocol]
    const tls = { contexts, alpn: dialect.alpn, handshakeTimeoutMs }
    const { ties } = parts.authenticator
    return start(startChaosFront({ listen: at(ports[name]), server, chaos, dialect, tls, ties }))
  }
  try {
    const lmtp = await lead('lmtp', startIntake({ ...intakeOptions(parts), protocol: 'lmtp' }))
    const smtp = await lead('smtp', startSmtp(parts, false))
    const smtps = await lead('smtps', startSmtp(parts, true))
    const pop3 = await lead('pop3', startPop3(parts, false))
    const pop3s = await lead('pop3s', startPop3(parts, true))
    return { pop3, pop3s, smtp, smtps, lmtp, close: closeAll }
  } catch (error) {
    await closeAll()
    throw error
  }
}

function intakeOptions({ hostname, delivery, observer, maxOctets }: OfficeServerParts) {
  return { hostname, delivery, observer, maxOctets, listen: inside }
}

function startSmtp(parts: OfficeServerParts, implicitTls: boolean): Promise<Server> {
  const { authenticator, certificate, startTls, smtpLogin } = parts
  const tls = { contexts: certificate.contexts, alpn: dialects.smtp.alpn, handshakeTimeoutMs }
  const logins = {
    sasl: authenticator.sasl,
    isRequired: smtpLogin === 'required',
    mayBeClear: startTls !== 'required',
  }
  return startIntake({
    ...intakeOptions(parts),
    protocol: 'smtp',
    ...((implicitTls || startTls !== 'none') && { tls, implicitTls }),
    ...(smtpLogin !== 'none' && { logins }),
  })
}

function startPop3(parts: OfficeServerParts, implicitTls: boolean): Promise<Server> {
  const { hostname, authenticator, store, policy, loginDelays, observer, startTls, certificate } = parts
  return startPop3Server({
    listen: inside,
    hostname,
    authenticator,
    maildrops: store,
    policy,
    loginDelays,
    observer,
    ...((implicitTls || startTls !== 'none') && { tls: certificate.contexts, implicitTls }),
    ...(implicitTls && { service: 'pop3s' }),
    cleartextLogin: startTls === 'required' ? 'never' : 'always',
    limits: { refusalDelayMs: 0, maxRefusalDelayMs: 0 },
  })
}
