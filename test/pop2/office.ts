// A POP2 server over a store in memory, for tests.
import type { MaildropStore } from '../../src/mail/maildrop-store.ts'
import type { Store } from '../../src/mail/store.ts'
import type { Pop2Limits } from '../../src/pop2/server/limits.ts'
import { type Pop2Server, startPop2Server } from '../../src/pop2/server/server.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { addAccount, keptLog, type LogLine, plainAuthenticator, until } from '../pop3/office.ts'
import { Peer } from '../pop3/peer.ts'

export interface Pop2Office {
  readonly store: Store
  readonly server: Pop2Server
  readonly log: readonly LogLine[]
  /** A peer that has read the greeting. */
  connect(): Promise<Peer>
  /** The nth session's line in the log. */
  summary(nth?: number): Promise<Record<string, unknown>>
  stop(): Promise<void>
}

export interface Pop2OfficeOptions {
  /** Messages of the account `alice`, password `sesame`. */
  readonly messages?: readonly string[]
  readonly limits?: Partial<Pop2Limits>
  /** Wraps the port the server sees. */
  readonly wrap?: (maildrops: MaildropStore) => MaildropStore
  readonly readOnly?: boolean
}

export async function openPop2Office(options: Pop2OfficeOptions = {}): Promise<Pop2Office> {
  const store = createMemoryStore()
  await addAccount(store, 'alice', options.messages ?? [])
  const { log, lines } = keptLog()
  const plain = plainAuthenticator(store)
  const server = await startPop2Server({
    listen: [{ host: '127.0.0.1', port: 0 }],
    hostname: 'pop.example',
    authenticator: {
      ...plain,
      authenticate: async (name, given, origin) => {
        const login = await plain.authenticate(name, given, origin)
        return login && { ...login, readOnly: options.readOnly ?? false }
      },
    },
    maildrops: options.wrap?.(store) ?? store,
    log,
    ...(options.limits && { limits: options.limits }),
  })
  const summaries = () => lines.filter(({ text }) => text === 'pop2 session')
  return {
    store,
    server,
    log: lines,
    async connect() {
      const peer = await Peer.connect(server.addresses[0]!.port)
      await peer.line()
      return peer
    },
    async summary(nth = 1) {
      await until(() => summaries().length >= nth)
      return summaries()[nth - 1]!.fields
    },
    async stop() {
      await server.close()
      await store.close()
    },
  }
}
