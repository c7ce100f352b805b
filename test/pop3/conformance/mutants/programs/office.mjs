// An office as it was built, with one account, on loopback. The loader may have put a fault into it, see loader.mjs.
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { createSecretBox } from '../../../../../dist/auth/sealed-secret.js'
import { ensureSecretKey } from '../../../../../dist/auth/secret-key.js'
import { storePassword } from '../../../../../dist/auth/stored-password.js'
import { parseConfig } from '../../../../../dist/config.js'
import { createService } from '../../../../../dist/service.js'
import { createMemoryStore } from '../../../../../dist/store/memory-store.js'
import { openStore } from '../../../../../dist/store/open-store.js'

/**
 * Over SQLite the account may use APOP and CRAM-MD5 too: their secrets are sealed with a key in the data folder.
 * @param {{ folder: string, user: string, password: string, store: 'memory' | 'SQLite' }} options The folder has the certificate.
 */
export async function openOffice({ folder, user, password, store: kind }) {
  const data = mkdtempSync(join(folder, 'data-'))
  const isKept = kind === 'SQLite'
  const config = parseConfig(`
    hostname = "mail.test.example"
    data = ${JSON.stringify(data)}
    [listen]
    pop3 = "127.0.0.1:0"
    pop3s = "127.0.0.1:0"
    lmtp = "127.0.0.1:0"
    [tls]
    cert = ${JSON.stringify(join(folder, 'office.crt'))}
    key = ${JSON.stringify(join(folder, 'office.key'))}
    required = false
    [auth]
    argon2_memory = "8MiB"
    argon2_passes = 1
    [throttle]
    max_delay = "0"
  `)
  const { argon2: cost, scramIterations } = config.auth
  const box = isKept ? createSecretBox(ensureSecretKey(join(data, 'secret.key'))) : undefined
  const kept = await storePassword(Buffer.from(password), {
    cost,
    scramIterations,
    owner: user,
    ...(box && { box }),
  })
  const store = isKept ? await openStore({ folder: data, writer: 'thread' }) : createMemoryStore()
  await store.addAccount({ name: user, ...kept })
  if (isKept) await store.close()
  const service = await createService(config, isKept ? {} : { store })
  const ports = service.listeners.map(({ service: name, port }) => [name, port])
  return {
    ports: Object.fromEntries(ports),
    /** As housekeeping does it, which asks no session. In memory only. */
    async expungeFirst() {
      const { usedMessages = 0 } = (await store.findAccount(user)) ?? {}
      await store.applyRetention([{ folder: 'INBOX', maxMessages: usedMessages - 1 }])
    },
    close: () => service.close(),
  }
}
