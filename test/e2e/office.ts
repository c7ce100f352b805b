// A whole mail office as users run it: the built command in a process of its own, on free loopback ports, with its data
// in a folder of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { runOrFail } from './program.ts'

const cli = resolve(import.meta.dirname, '../../dist/bin/poplar.js')

/** Passwords are hashed cheaply: what is tested here is not the hash. */
const cheapHashes = '[auth]\nargon2_memory = "8MiB"\nargon2_passes = 1'

export interface Ports {
  readonly pop3: number
  readonly smtp: number
  readonly lmtp: number
  /** Served when a port is given. */
  readonly pop3s?: number
}

export interface OfficeOptions {
  /** Lines of TOML for the configuration, after `data`, `hostname`, `domains` and before `[listen]`; tables go to `tables`. */
  readonly keys?: string
  readonly tables?: string
  /** POP3 over TLS too; the certificate comes with `tables`. */
  readonly pop3s?: boolean
  /** Default: a folder inside the office's own. */
  readonly data?: string
}

/** One data folder and configuration; its server may be started, killed and started again. */
export class Office {
  readonly folder: string
  readonly data: string
  readonly configFile: string
  readonly ports: Ports
  #child: ChildProcess | undefined
  #output = ''

  private constructor(folder: string, ports: Ports, { keys = '', tables = '', data }: OfficeOptions) {
    this.folder = folder
    this.ports = ports
    this.data = data ?? join(folder, 'data')
    this.configFile = join(folder, 'poplar.toml')
    const listen = Object.entries(ports).map(([service, port]) => `${service} = "127.0.0.1:${port}"`)
    writeFileSync(
      this.configFile,
      [
        `data = "${this.data}"`,
        'hostname = "mail.test.example"',
        keys,
        '[listen]',
        ...listen,
        cheapHashes,
        tables,
        '',
      ].join('\n'),
    )
  }

  /** Makes the folder and the configuration; starts nothing. */
  static async create(options: OfficeOptions = {}): Promise<Office> {
    const folder = mkdtempSync(join(tmpdir(), 'poplar-e2e-'))
    const [pop3 = 0, smtp = 0, lmtp = 0, pop3s = 0] = await freePorts(4)
    const ports = { pop3, smtp, lmtp, ...(options.pop3s && { pop3s }) }
    return new Office(folder, ports, options)
  }

  /** Creates an office, adds users whose password is `<name>-secret`, and starts it. */
  static async open(users: readonly string[], options: OfficeOptions = {}): Promise<Office> {
    const office = await Office.create(options)
    for (const user of users) await office.run(['user', 'add', user, '--password-stdin'], `${user}-secret\n`)
    await office.start()
    return office
  }

  get pid(): number {
    const pid = this.#child?.pid
    if (pid === undefined) throw new Error('the office is not running')
    return pid
  }

  /** What the last server printed on both its outputs. */
  get output(): string {
    return this.#output
  }

  /** Starts the server; resolves when it says that it is ready, throws when it ends before. */
  async start(): Promise<void> {
    const child = this.#spawn()
    this.#child = child
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (/^ready$/m.test(this.#output)) resolve()
      }
      child.stdout?.on('data', look)
      child.stderr?.on('data', look)
      child.once('exit', code => reject(new Error(`serve ended with ${code}: ${this.#output}`)))
    })
  }

  /** Starts a server that is expected to end by itself; gives its exit code. */
  async startInVain(): Promise<number | null> {
    const child = this.#spawn()
    const [code] = (await once(child, 'exit')) as [number | null]
    return code
  }

  #spawn(): ChildProcess {
    this.#output = ''
    const child = spawn(process.execPath, [cli, 'serve', '--config', this.configFile], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const collect = (chunk: Buffer) => {
      this.#output += chunk.toString()
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    return child
  }

  /** Sends the signal and waits for the end; gives the exit code, or the signal that ended it. */
  async signal(signal: NodeJS.Signals): Promise<number | string | null> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return null
    const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
    child.kill(signal)
    const [code, by] = await ended
    this.#child = undefined
    return code ?? by
  }

  /** Runs a command of the office beside the server, and gives what it printed. */
  async run(args: readonly string[], input: string | Uint8Array = ''): Promise<string> {
    const output = await runOrFail(process.execPath, [cli, ...args, '--config', this.configFile], {
      input,
      cwd: this.folder,
    })
    return output.toString()
  }

  /** Ends the server by force and removes every file. */
  async close(): Promise<void> {
    await this.signal('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  const ports: number[] = []
  for (const server of servers) {
    if (!server.listening) await once(server, 'listening')
    const address = server.address()
    if (address !== null && typeof address === 'object') ports.push(address.port)
  }
  for (const server of servers) server.close()
  return ports
}
