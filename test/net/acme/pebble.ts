// Debian's `pebble`, a small real ACME server, on loopback ports of its own: names under .test lead to 127.0.0.1 (by
// `pebble-challtestsrv`), its own certificate is made here with openssl, and nothing of it is left behind.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { askCa } from '../../../src/net/acme/ca-requests.ts'
import { makeServerCertificate } from './server-certificate.ts'

export interface PebbleOptions {
  /** Environment on top of no waiting and no refused nonces. */
  readonly env?: Record<string, string>
  /** Accounts are only for those who know one of these keys, by their identifiers. */
  readonly accountKeys?: Record<string, string>
}

export class Pebble {
  readonly folder: string
  readonly directoryUrl: string
  /** Trusts the server's own certificate. */
  readonly caFile: string
  /** Where the server looks for http-01 and tls-alpn-01. */
  readonly httpPort: number
  readonly tlsPort: number
  readonly #options: PebbleOptions
  readonly #dnsPort: number
  readonly #managementPort: number
  #children: ChildProcess[] = []

  static async start(options: PebbleOptions = {}): Promise<Pebble> {
    const folder = mkdtempSync(join(tmpdir(), 'poplar-pebble-'))
    const pebble = new Pebble(folder, await freePorts(5), options)
    try {
      await makeServerCertificate(folder)
      await pebble.up()
      return pebble
    } catch (error) {
      await pebble.remove()
      throw error
    }
  }

  private constructor(folder: string, ports: readonly number[], options: PebbleOptions) {
    const [acmePort = 0, httpPort = 0, tlsPort = 0, dnsPort = 0, managementPort = 0] = ports
    this.folder = folder
    this.directoryUrl = `https://localhost:${acmePort}/dir`
    this.caFile = join(folder, 'ca.pem')
    this.httpPort = httpPort
    this.tlsPort = tlsPort
    this.#dnsPort = dnsPort
    this.#managementPort = managementPort
    this.#options = options
    const { accountKeys } = options
    const settings = {
      listenAddress: `127.0.0.1:${acmePort}`,
      managementListenAddress: `127.0.0.1:${managementPort}`,
      certificate: join(folder, 'server.pem'),
      privateKey: join(folder, 'server.key'),
      httpPort,
      tlsPort,
      ocspResponderURL: '',
      externalAccountBindingRequired: accountKeys !== undefined,
      externalAccountMACKeys: accountKeys ?? {},
    }
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ pebble: settings }))
  }

  /** Starts it; one that was down comes up on the same ports, and has forgotten everything. */
  async up(): Promise<void> {
    const dns = `127.0.0.1:${this.#dnsPort}`
    // 127.0.0.1:0 for its management: any port will do, nobody asks it.
    const ownDns = ['-dns01', dns, '-defaultIPv6', '', '-management', '127.0.0.1:0']
    await this.#spawn(
      'pebble-challtestsrv',
      [...ownDns, '-http01', '', '-https01', '', '-tlsalpn01', ''],
      /dns-01/i,
    )
    await this.#spawn(
      'pebble',
      ['-config', join(this.folder, 'config.json'), '-dnsserver', dns, '-strict'],
      /ACME directory available/,
    )
  }

  async down(): Promise<void> {
    for (const child of this.#children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const ended = new Promise(resolve => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
    }
  }

  /** The root of the certificates it issues, as PEM; another one each time it comes up. */
  async root(): Promise<string> {
    const answer = await askCa(
      {
        url: `https://localhost:${this.#managementPort}/roots/0`,
        method: 'get',
        headers: {},
        body: undefined,
      },
      {
        agent: new Agent({ ca: readFileSync(this.caFile) }),
        signal: AbortSignal.timeout(10_000),
        timeoutMs: 10_000,
      },
    )
    return answer.body
  }

  async remove(): Promise<void> {
    await this.down()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Resolves when the program has said that it is ready. */
  async #spawn(program: string, args: readonly string[], ready: RegExp): Promise<void> {
    const env = { ...process.env, PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0', ...this.#options.env }
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#children.push(child)
    await new Promise<void>((resolve, reject) => {
      let said = ''
      const read = (chunk: Buffer) => {
        if (said.length < 10_000) said += chunk.toString()
        if (ready.test(said)) resolve()
      }
      child.stdout.on('data', read)
      child.stderr.on('data', read)
      child.once('error', reject)
      child.once('exit', code => reject(new Error(`${program} ended with ${code}\n${said}`)))
    })
  }
}

/** Ports nobody has at the moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(
      server =>
        new Promise<number>(resolve => {
          server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
        }),
    ),
  )
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports
}
