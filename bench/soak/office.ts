// The office under test: `poplar serve` as it is built, on a small file system of its own that can be filled up, killed and
// started again at any time.
import { type ChildProcess, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { openStore } from '../../src/store/open-store.ts'
import { makeCertificate } from '../servers/certificate.ts'
import { familyMemory, freePort, startServer, stopServer } from '../servers/processes.ts'
import { StoredPasswords } from '../servers/stored-passwords.ts'
import { mailDomain } from './field.ts'

const repository = resolve(import.meta.dirname, '../../..')
const cli = join(repository, 'dist', 'bin', 'poplar.js')
/** For an hour, in which housekeeping frees what was deleted every ten minutes. */
const fileSystemSize = '2g'
const fillerOctets = 1024 * 1024

export class Office {
  readonly ports: {
    readonly pop3Port: number
    readonly pop3sPort: number
    readonly smtpPort: number
    readonly lmtpPort: number
  }
  /** Only root may mount the file system that can be filled up. */
  readonly canBeFull = process.getuid?.() === 0
  readonly folder = mkdtempSync(join(tmpdir(), 'poplar-soak-'))
  readonly #certificate = makeCertificate('ecdsa')
  readonly #disk = join(this.folder, 'disk')
  readonly #configFile = join(this.folder, 'poplar.toml')
  #server: ChildProcess | undefined

  private constructor(ports: Office['ports']) {
    this.ports = ports
    mkdirSync(this.#disk)
    if (this.canBeFull)
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${fileSystemSize}`, 'poplar-soak', this.#disk])
    writeFileSync(this.#configFile, this.#config())
  }

  /** With these accounts, which all have one password. */
  static async create(accounts: readonly string[], password: string): Promise<Office> {
    const ports = {
      pop3Port: await freePort(),
      pop3sPort: await freePort(),
      smtpPort: await freePort(),
      lmtpPort: await freePort(),
    }
    const office = new Office(ports)
    const store = await openStore({ folder: join(office.#disk, 'data'), writer: 'thread' })
    const stored = await new StoredPasswords().of(password)
    for (const name of accounts) await store.addAccount({ name, ...stored, quotaOctets: 0 })
    await store.close()
    return office
  }

  get pid(): number {
    const pid = this.#server?.pid
    if (pid === undefined) throw new Error('the office is not running')
    return pid
  }

  /** Why it ended, if it did by itself. */
  get end(): string | undefined {
    const { exitCode, signalCode } = this.#server ?? {}
    return exitCode === null && signalCode === null ? undefined : `${exitCode ?? signalCode}`
  }

  async start(): Promise<void> {
    const nodeOptions = [
      '--expose-gc',
      '--import',
      join(import.meta.dirname, '../servers/collect-garbage.js'),
    ]
    this.#server = await startServer(
      [process.execPath, ...nodeOptions, cli, 'serve', '--config', this.#configFile],
      join(this.folder, 'output.log'),
      [this.ports.pop3Port, this.ports.lmtpPort],
    )
  }

  /** As a power cut would, as far as a process sees it. */
  async kill(): Promise<void> {
    const server = this.#server
    if (!server) return
    const exit = once(server, 'exit')
    server.kill('SIGKILL')
    await exit
  }

  async stop(): Promise<void> {
    if (this.#server) await stopServer(this.#server)
  }

  /** Fills the disk to the last octet; the caller empties it again. */
  fillDisk(): () => void {
    const filler = join(this.#disk, 'filler')
    const file = openSync(filler, 'w')
    const octets = Buffer.alloc(fillerOctets)
    try {
      for (;;) writeSync(file, octets)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    } finally {
      closeSync(file)
    }
    return () => rmSync(filler)
  }

  collectGarbage(): void {
    this.#server?.kill('SIGUSR2')
  }

  /** Octets. */
  memory(): number {
    return familyMemory(this.pid)
  }

  descriptors(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length
  }

  /** Runs a command of the program, gives what it prints; throws when it fails. */
  run(args: readonly string[], input = ''): string {
    const command = [cli, ...args, '--config', this.#configFile]
    return execFileSync(process.execPath, command, { encoding: 'utf8', input })
  }

  /** All that it has logged. */
  log(): string {
    return readFileSync(join(this.folder, 'output.log'), 'utf8')
  }

  remove(): void {
    this.#certificate.remove()
    if (this.canBeFull) execFileSync('umount', ['--lazy', this.#disk])
    rmSync(this.folder, { recursive: true, force: true })
  }

  #config(): string {
    const { pop3Port, pop3sPort, smtpPort, lmtpPort } = this.ports
    const { certFile, keyFile } = this.#certificate
    return `
data = "${join(this.#disk, 'data')}"
hostname = "${mailDomain}"

[listen]
pop3 = "127.0.0.1:${pop3Port}"
pop3s = "127.0.0.1:${pop3sPort}"
smtp = "127.0.0.1:${smtpPort}"
lmtp = "127.0.0.1:${lmtpPort}"

[tls]
cert = "${certFile}"
key = "${keyFile}"

[pop3]
login_timeout = "10s"
write_timeout = "10s"

[store]
undelete = "0"
cache = "8MiB"
`
  }
}
