// Poplar as it is built in dist/, started by its own command with a configuration that differs from the defaults in
// folder, ports, certificate, the number of sessions one address may hold, and in sparing its limits only the address that
// most loads come from, for floods come from this machine too; as `uncached` also in keeping no mail in memory, as
// `metered` in counting what it does for Prometheus.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { StoredPassword } from '../../src/mail/account-registry.ts'
import { foldName } from '../../src/mail/fold.ts'
import type { Store } from '../../src/mail/store.ts'
import { openStore } from '../../src/store/open-store.ts'
import type { MaildropPlan } from '../corpus.ts'
import type { CertificateFiles } from './certificate.ts'
import { type Contender, mailDomain, type RunningServer } from './contender.ts'
import { freePort, startServer, stopServer } from './processes.ts'
import { StoredPasswords } from './stored-passwords.ts'

const repository = resolve(import.meta.dirname, '../../..')
/** Messages under way at once while the store is filled, so that they share transactions. */
const fillConcurrency = 64

interface Ports {
  readonly pop3Port: number
  readonly pop3sPort: number
  readonly lmtpPort: number
}

/** How it differs from the defaults, and how it is called then. */
const variants = {
  poplar: { title: '', tables: '' },
  uncached: { title: ' without its cache', tables: '[store]\ncache = "0"\n' },
  metered: { title: ' with metrics', tables: '[metrics]\nlisten = "127.0.0.1:0"\n' },
} as const
type Variant = keyof typeof variants

export class Poplar implements Contender {
  readonly name: Variant
  readonly title: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'bench-poplar-'))
  readonly #certificate: CertificateFiles

  constructor(name: Variant, certificate: CertificateFiles) {
    this.name = name
    this.#certificate = certificate
    const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
      version: string
    }
    this.title = `Poplar ${version}${variants[name].title}`
  }

  async fill(plans: readonly MaildropPlan[]): Promise<void> {
    const store = await openStore({ folder: this.#dataFolder, writer: 'thread' })
    try {
      const passwords = new StoredPasswords()
      for (const plan of plans) await fillMaildrop(store, plan, await passwords.of(plan.password))
    } finally {
      await store.close()
    }
  }

  async start(profileFolder?: string): Promise<RunningServer> {
    const nodeOptions = ['--expose-gc', '--import', join(import.meta.dirname, 'collect-garbage.js')]
    if (profileFolder) nodeOptions.push('--cpu-prof', `--cpu-prof-dir=${resolve(profileFolder)}`)
    const ports = { pop3Port: await freePort(), pop3sPort: await freePort(), lmtpPort: await freePort() }
    const configFile = join(this.#folder, 'poplar.toml')
    writeFileSync(configFile, this.#config(ports))
    const cli = join(repository, 'dist', 'bin', 'poplar.js')
    const child = await startServer(
      [process.execPath, ...nodeOptions, cli, 'serve', '--config', configFile],
      join(this.#folder, 'output.log'),
      [ports.pop3Port, ports.lmtpPort],
    )
    return {
      pid: child.pid ?? 0,
      ...ports,
      collectGarbage: () => child.kill('SIGUSR2'),
      stop: () => stopServer(child),
    }
  }

  makeCold(): void {
    // What it remembers of an earlier opening, it remembers in memory only.
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  get #dataFolder(): string {
    return join(this.#folder, 'data')
  }

  #config({ pop3Port, pop3sPort, lmtpPort }: Ports): string {
    const { certFile, keyFile } = this.#certificate
    return `
data = "${this.#dataFolder}"
hostname = "${mailDomain}"

[listen]
pop3 = "127.0.0.1:${pop3Port}"
pop3s = "127.0.0.1:${pop3sPort}"
lmtp = "127.0.0.1:${lmtpPort}"

[tls]
cert = "${certFile}"
key = "${keyFile}"

[limits]
exempt = ["127.0.0.1"]

[pop3]
max_sessions = 4000
max_sessions_per_address = 4000

${variants[this.name].tables}`
  }
}

async function fillMaildrop(store: Store, plan: MaildropPlan, password: StoredPassword): Promise<void> {
  const account = await store.addAccount({ name: foldName(plan.name), ...password, quotaOctets: 0 })
  // In batches, so that the messages keep their order.
  for (let start = 0; start < plan.messageCount; start += fillConcurrency) {
    const count = Math.min(fillConcurrency, plan.messageCount - start)
    const deliver = async (index: number) => {
      const { octets, headerOctets, dotLines } = plan.message(index)
      const delivery = store.begin()
      await delivery.write(octets)
      const copy = { account, trace: new Uint8Array(), internalDate: new Date() }
      const [outcome] = await delivery.commit({ headerOctets, dotLines }, [copy], 'all')
      if (!outcome?.delivered) throw new Error(`message ${index} of ${plan.name} was not stored`)
    }
    await Promise.all(Array.from({ length: count }, (_, offset) => deliver(start + offset)))
  }
}
