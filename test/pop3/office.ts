// A POP3 server over a store in memory, for tests: passwords are compared in the clear, the log is kept.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Authenticator } from '../../src/auth/authenticator.ts'
import type { Account } from '../../src/mail/account.ts'
import type { AccountPolicy } from '../../src/mail/account-policy.ts'
import type { LoginDelays } from '../../src/mail/login-delays.ts'
import type { ViewRules } from '../../src/mail/login-view.ts'
import type { MaildropStore } from '../../src/mail/maildrop-store.ts'
import { DowngradeMeter } from '../../src/mail/message/downgrade.ts'
import type { Store } from '../../src/mail/store.ts'
import type { Log } from '../../src/net/log.ts'
import type { Observer } from '../../src/net/observer.ts'
import type { TlsContexts } from '../../src/net/tls.ts'
import type { Pop3Limits } from '../../src/pop3/server/limits.ts'
import { type Pop3Server, startPop3Server } from '../../src/pop3/server/server.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { Peer } from './peer.ts'

export interface LogLine {
  readonly level: keyof Log
  readonly fields: Record<string, unknown>
  readonly text: string
}

export interface Office {
  readonly store: Store
  readonly server: Pop3Server
  readonly port: number
  readonly log: readonly LogLine[]
  connect(): Promise<Peer>
  /** A peer that has logged in; greeting and login are read. */
  logIn(name?: string): Promise<Peer>
  /** The summary line of the nth session to end. */
  summary(nth?: number): Promise<Record<string, unknown>>
  stop(): Promise<void>
}

export interface OfficeOptions {
  /** Messages of the account `alice` (password `sesame`), as text with any line ends. */
  readonly messages?: readonly string[]
  readonly store?: Store
  readonly limits?: Partial<Pop3Limits>
  /** Wraps the port the server sees. */
  readonly wrap?: (maildrops: MaildropStore) => MaildropStore
  readonly authenticator?: (store: Store) => Authenticator
  readonly implementation?: string
  readonly preferredLanguage?: string
  readonly policy?: AccountPolicy
  readonly loginDelays?: LoginDelays
  readonly views?: ViewRules
  readonly cleartextLogin?: 'never' | 'always'
  readonly tls?: TlsContexts
  readonly implicitTls?: boolean
  readonly observer?: Observer
  readonly isForOldDevices?: boolean
}

export const password = 'sesame'
/** Refusals without the pauses. */
export const impatient: Partial<Pop3Limits> = { refusalDelayMs: 0 }

export async function openOffice(options: OfficeOptions = {}): Promise<Office> {
  const store = options.store ?? createMemoryStore()
  await addAccount(store, 'alice', options.messages ?? [])
  const { log, lines } = keptLog()
  const {
    implementation,
    preferredLanguage,
    policy,
    loginDelays,
    views,
    cleartextLogin,
    tls,
    implicitTls,
    isForOldDevices,
  } = options
  const server = await startPop3Server({
    listen: [{ host: '127.0.0.1', port: 0 }],
    hostname: 'pop.example',
    authenticator: options.authenticator?.(store) ?? plainAuthenticator(store),
    maildrops: options.wrap?.(store) ?? store,
    log,
    limits: { ...impatient, ...options.limits },
    ...(implementation !== undefined && { implementation }),
    ...(preferredLanguage !== undefined && { preferredLanguage }),
    ...(policy && { policy }),
    ...(loginDelays && { loginDelays }),
    ...(views && { views: () => views }),
    ...(cleartextLogin && { cleartextLogin }),
    ...(tls && { tls }),
    ...(implicitTls && { implicitTls }),
    ...(options.observer && { observer: options.observer }),
    ...(isForOldDevices && { isForOldDevices }),
  })
  const port = server.addresses[0]!.port
  const connect = () => Peer.connect(port)
  return {
    store,
    server,
    port,
    log: lines,
    connect,
    async logIn(name = 'alice') {
      const peer = await connect()
      await peer.line()
      await peer.ask(`USER ${name}`)
      const reply = await peer.ask(`PASS ${password}`)
      if (!reply.startsWith('+OK')) throw new Error(reply)
      return peer
    },
    summary: nth => summaryOf(lines, nth),
    async stop() {
      await server.close()
      await store.close()
    },
  }
}

export async function addAccount(store: Store, name: string, messages: readonly string[]): Promise<Account> {
  const account = await store.addAccount({ name, passwordHash: password })
  for (const message of messages) await deliver(store, account, message)
  return account
}

/** Lays a message down as intake would: CRLF line ends, the last line ended. */
export async function deliver(store: Store, account: Account, message: string): Promise<Buffer> {
  const octets = wireForm(message)
  const blank = octets.indexOf('\r\n\r\n')
  const headerOctets = blank < 0 ? octets.length : blank + 4
  const meter = new DowngradeMeter()
  meter.push(octets.subarray(0, headerOctets))
  const facts = {
    headerOctets,
    dotLines: octets.toString('latin1').match(/^\./gm)?.length ?? 0,
    asciiHeaderOctets: meter.end(),
  }
  const delivery = store.begin()
  for (let at = 0; at < octets.length; at += 16_384) await delivery.write(octets.subarray(at, at + 16_384))
  await delivery.commit(facts, [{ account, trace: new Uint8Array(0), internalDate: new Date() }], 'all')
  return octets
}

function wireForm(message: string): Buffer {
  const text = message.replace(/\r?\n/g, '\r\n')
  return Buffer.from(text.endsWith('\r\n') ? text : `${text}\r\n`, 'utf8')
}

/** What RETR puts on the wire after its status line. */
export function stuffed(octets: Buffer): string {
  return `${octets.toString('latin1').replace(/^\./gm, '..')}.\r\n`
}

export function plainAuthenticator(store: Store): Authenticator {
  return {
    async authenticate(name, given) {
      const account = await store.findAccount(name)
      return account && Buffer.from(given).toString() === account.passwordHash
        ? { account, readOnly: false, appPassword: undefined }
        : undefined
    },
    nameOf: async name => (await store.findAccount(name))?.name,
  }
}

export function keptLog(): { log: Log; lines: LogLine[] } {
  const lines: LogLine[] = []
  const keep = (level: keyof Log) => (fields: object, text: string) => {
    lines.push({ level, fields: { ...fields }, text })
  }
  return {
    log: { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') },
    lines,
  }
}

async function summaryOf(lines: readonly LogLine[], nth = 1): Promise<Record<string, unknown>> {
  for (;;) {
    const found = lines.filter(({ text }) => text === 'pop3 session')[nth - 1]
    if (found) return found.fields
    await sleep(5)
  }
}

/** Waits until something is so; the test's own timeout ends a wait in vain. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(5)
}
