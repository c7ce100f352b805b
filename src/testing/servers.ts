// The servers of a test office: those of any other, without the patience and the limits that a test would only wait for,
// POP3 behind the place where faults are made.
import type { Authenticator } from '../auth/authenticator.ts'
import type { AccountPolicy } from '../mail/account-policy.ts'
import type { MailDelivery } from '../mail/delivery/deliver.ts'
import type { LoginDelays } from '../mail/login-delays.ts'
import type { MaildropStore } from '../mail/maildrop-store.ts'
import type { ListenAddress } from '../net/listener.ts'
import type { Observer } from '../net/observer.ts'
import { startPop3Server } from '../pop3/server/server.ts'
import { startIntake } from '../smtp/intake/intake.ts'
import type { Chaos } from './chaos/chaos.ts'
import { startChaosFront } from './chaos/front.ts'

/** Of each server its port; 0, or none, lets the system choose. */
export interface OfficePorts {
  readonly pop3?: number
  readonly smtp?: number
  readonly lmtp?: number
}

export interface OfficeServerParts {
  /** The address all listen at. */
  readonly host: string
  readonly ports: OfficePorts
  readonly hostname: string
  readonly store: MaildropStore
  readonly authenticator: Authenticator
  readonly delivery: MailDelivery
  readonly policy: AccountPolicy
  readonly loginDelays: LoginDelays
  readonly observer: Observer
  readonly chaos: Chaos
  readonly maxOctets: number
}

export interface OfficeServers {
  readonly pop3: ListenAddress
  readonly smtp: ListenAddress
  readonly lmtp: ListenAddress
  close(): Promise<void>
}

/** Of what is behind the place where faults are made. */
const inside = [{ host: '127.0.0.1', port: 0 }]

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
  const { host, ports, hostname, delivery, observer, maxOctets } = parts
  const at = (port = 0) => [{ host, port }]
  const intake = { hostname, delivery, observer, maxOctets }
  try {
    const smtp = await start(startIntake({ ...intake, listen: at(ports.smtp), protocol: 'smtp' }))
    const lmtp = await start(startIntake({ ...intake, listen: at(ports.lmtp), protocol: 'lmtp' }))
    const server = await start(startOfficePop3(parts))
    const pop3 = await start(startChaosFront({ listen: at(ports.pop3), server, chaos: parts.chaos }))
    return { pop3, smtp, lmtp, close: closeAll }
  } catch (error) {
    await closeAll()
    throw error
  }
}

function startOfficePop3({ store: maildrops, ...parts }: OfficeServerParts): Promise<Server> {
  const { hostname, authenticator, policy, loginDelays, observer } = parts
  return startPop3Server({
    listen: inside,
    hostname,
    authenticator,
    maildrops,
    policy,
    loginDelays,
    observer,
    cleartextLogin: 'always',
    limits: { refusalDelayMs: 0, maxRefusalDelayMs: 0 },
  })
}
