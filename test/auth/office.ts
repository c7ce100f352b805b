// An authenticator over a store in memory, with what it told the log.

import { type AuthenticatorOptions, createAuthenticator } from '../../src/auth/authenticator.ts'
import type { LoginOrigin } from '../../src/auth/login.ts'
import type { PasswordCost } from '../../src/auth/password.ts'
import type { SaslStep } from '../../src/auth/sasl.ts'
import type { SaslClient } from '../../src/auth/sasl-client.ts'
import { createSecretBox } from '../../src/auth/sealed-secret.ts'
import { storePassword } from '../../src/auth/stored-password.ts'
import type { AppPasswordScope } from '../../src/mail/app-passwords.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { createAppPasswordFor } from './app-passwords.ts'

export const cheap: PasswordCost = { memoryKiB: 64, passes: 1, lanes: 1 }
/** Few, for tests; clients must be told to take so few. */
const scramIterations = 4096

export interface LogLine {
  readonly level: string
  readonly fields: Record<string, unknown>
  readonly text: string
}

export function openOffice(options: AuthenticatorOptions = {}) {
  const store = createMemoryStore()
  const box = createSecretBox(new Uint8Array(32).fill(7))
  const lines: LogLine[] = []
  const keep = (level: string) => (fields: object, text: string) => {
    lines.push({ level, fields: fields as Record<string, unknown>, text })
  }
  const authenticator = createAuthenticator(store, {
    cost: cheap,
    scramIterations,
    localDomains: ['example.net'],
    registry: store,
    appPasswords: store,
    box,
    scram: true,
    decoyKey: new Uint8Array(32).fill(9),
    throttle: { maxDelayMs: 0 },
    cache: { ttlMs: 0 },
    log: { info: keep('info'), warn: keep('warn'), error: keep('error') },
    ...options,
  })
  return {
    store,
    authenticator,
    lines,

    /** `recoverable` seals the password too. */
    async addAccount(name: string, password: string, { recoverable = false } = {}): Promise<void> {
      const sealing = recoverable ? { box, owner: name } : {}
      const stored = await storePassword(Buffer.from(password), { cost: cheap, scramIterations, ...sealing })
      await store.addAccount({ name, ...stored })
    },

    /** Gives the password. */
    addAppPassword(name: string, device: string, scope: Partial<AppPasswordScope> = {}): Promise<string> {
      return createAppPasswordFor(store, name, device, scope)
    },

    logIn(name: string, password: string, origin: LoginOrigin) {
      return authenticator.authenticate(name, Buffer.from(password), origin)
    },

    /** A whole exchange, with an initial response if the client has one. */
    async converse(client: SaslClient, origin: LoginOrigin): Promise<SaslStep | undefined> {
      const exchange = authenticator.sasl.begin(client.name, origin)
      let step = await exchange?.next(await client.next(undefined))
      while (step?.kind === 'challenge') step = await exchange?.next(await client.next(step.octets))
      if (step?.kind === 'success' && step.octets) await client.next(step.octets)
      return step
    },

    async close(): Promise<void> {
      await authenticator.close()
      await store.close()
    },
  }
}
