// A whole office in this process for the suite to look at: mail in by SMTP and LMTP, in clear and with STARTTLS, out by POP3.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storePassword } from '../../../src/auth/stored-password.ts'
import { parseConfig } from '../../../src/config.ts'
import { collectionBy } from '../../../src/pop3/conformance/collection.ts'
import { createService } from '../../../src/service.ts'
import type { SmtpSuiteOptions } from '../../../src/smtp/conformance/suite.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { makeCertificate, writePair } from '../../net/tls-fixtures.ts'

export interface CheckedOffice {
  options(protocol: 'smtp' | 'lmtp', security: 'clear' | 'starttls'): SmtpSuiteOptions
  close(): Promise<void>
}

const credentials = { user: 'ann', password: 'correct horse 1' }
const patienceMs = 5_000

/** `ann@test.example` is whom mail is for, and postmaster. Messages of a megabyte and a half are too large. */
export async function openCheckedOffice(): Promise<CheckedOffice> {
  const folder = mkdtempSync(join(tmpdir(), 'poplar-check-smtp-'))
  const { certFile, keyFile } = writePair(folder, 'office', await makeCertificate())
  const config = parseConfig(`
    hostname = "mail.test.example"
    domains = ["test.example"]
    data = ${JSON.stringify(join(folder, 'data'))}
    [listen]
    pop3 = "127.0.0.1:0"
    smtp = "127.0.0.1:0"
    lmtp = "127.0.0.1:0"
    [tls]
    cert = ${JSON.stringify(certFile)}
    key = ${JSON.stringify(keyFile)}
    required = false
    [auth]
    argon2_memory = "8MiB"
    argon2_passes = 1
    [smtp]
    size = "1536KiB"
  `)
  const store = createMemoryStore()
  const { argon2: cost, scramIterations } = config.auth
  const kept = await storePassword(Buffer.from(credentials.password), {
    cost,
    scramIterations,
    owner: credentials.user,
  })
  await store.addAccount({ name: credentials.user, ...kept })
  await store.addAlias({ address: 'postmaster', accountName: credentials.user })
  const service = await createService(config, { store })
  const targetOf = (name: string, security: 'clear' | 'starttls') => ({
    host: '127.0.0.1',
    port: service.listeners.find(({ service: its }) => its === name)?.port ?? 0,
    security,
    tls: { verify: false },
    patienceMs,
  })
  return {
    options: (protocol, security) => ({
      protocol,
      target: targetOf(protocol, security),
      recipient: 'ann@test.example',
      collect: collectionBy({ target: targetOf('pop3', 'clear'), credentials }),
      seed: 'test',
    }),
    async close() {
      await service.close()
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
