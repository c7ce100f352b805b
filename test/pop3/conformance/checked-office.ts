// A whole office in this process for the suite to look at: POP3 in clear, with STLS and with TLS, mail in by LMTP.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecretBox } from '../../../src/auth/sealed-secret.ts'
import { ensureSecretKey } from '../../../src/auth/secret-key.ts'
import { storePassword } from '../../../src/auth/stored-password.ts'
import { parseConfig } from '../../../src/config.ts'
import { deliveryBy } from '../../../src/conformance/delivery.ts'
import type { Target } from '../../../src/conformance/play.ts'
import type { Store } from '../../../src/mail/store.ts'
import type { Pop3SuiteOptions } from '../../../src/pop3/conformance/suite.ts'
import { createService } from '../../../src/service.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { openStore } from '../../../src/store/open-store.ts'
import { makeCertificate, writePair } from '../../net/tls-fixtures.ts'

export interface CheckedOffice {
  options(security: Target['security']): Pop3SuiteOptions
  readonly lmtpPort: number
  close(): Promise<void>
}

const credentials = { user: 'ann', password: 'correct horse 1' }

/** Over SQLite the account may use APOP and CRAM-MD5 too: their secrets are sealed with a key in the data folder. */
export async function openCheckedOffice(kind: 'memory' | 'SQLite'): Promise<CheckedOffice> {
  const folder = mkdtempSync(join(tmpdir(), 'poplar-check-'))
  const { certFile, keyFile } = writePair(folder, 'office', await makeCertificate())
  const data = join(folder, 'data')
  const config = parseConfig(`
    hostname = "mail.test.example"
    data = ${JSON.stringify(data)}
    [listen]
    pop3 = "127.0.0.1:0"
    pop3s = "127.0.0.1:0"
    lmtp = "127.0.0.1:0"
    [tls]
    cert = ${JSON.stringify(certFile)}
    key = ${JSON.stringify(keyFile)}
    required = false
    [auth]
    argon2_memory = "8MiB"
    argon2_passes = 1
    [throttle]
    max_delay = "0"
  `)
  const store = kind === 'memory' ? createMemoryStore() : await openStore({ folder: data, writer: 'thread' })
  const isKept = kind === 'SQLite'
  const box = isKept ? createSecretBox(ensureSecretKey(join(data, 'secret.key'))) : undefined
  const { argon2: cost, scramIterations } = config.auth
  const kept = await storePassword(Buffer.from(credentials.password), {
    cost,
    scramIterations,
    owner: credentials.user,
    ...(box && { box }),
  })
  await store.addAccount({ name: credentials.user, ...kept })
  if (isKept) await store.close()
  const service = await createService(config, isKept ? {} : { store })
  const portOf = (name: string) => service.listeners.find(({ service: its }) => its === name)?.port ?? 0
  const deliver = deliveryBy({
    host: '127.0.0.1',
    port: portOf('lmtp'),
    protocol: 'lmtp',
    recipient: credentials.user,
    patienceMs: 5_000,
  })
  const expungeFirst = async () => {
    const beside = isKept ? await openStore({ folder: data, writer: 'thread' }) : store
    await expungeOldest(beside)
    if (isKept) await beside.close()
  }
  return {
    lmtpPort: portOf('lmtp'),
    options: security => ({
      target: {
        host: '127.0.0.1',
        port: portOf(security === 'tls' ? 'pop3s' : 'pop3'),
        security,
        tls: { verify: false },
        patienceMs: 5_000,
      },
      credentials,
      deliver,
      expungeFirst,
      seed: 'test',
    }),
    async close() {
      await service.close()
      if (!isKept) await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** As housekeeping does it, which asks no session. */
async function expungeOldest(store: Store): Promise<void> {
  const { usedMessages = 0 } = (await store.findAccount(credentials.user)) ?? {}
  const { messages } = await store.applyRetention([{ folder: 'INBOX', maxMessages: usedMessages - 1 }])
  if (messages !== 1) throw new Error(`${messages} messages were expunged, not 1`)
}
