// A throw-away layer over this machine: its own file system (an overlay over `/`, its changes in memory) and its own
// processes, on the machine's loopback. Debian's POP3 servers exclude each other and want their places under /etc; in a
// layer each is installed as its maintainers meant it, and nothing of it is left when the layer is closed. Needs root.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** Debian packages that were fetched once: apt in a layer sees the folder through it, and writes into the layer. */
const packageCache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'poplar-peers', 'apt')

/** `$1`: an empty folder. Nobody reads manuals there: their index is not made. Ends as the first process of the layer, which lasts as long as this process does. */
const setUp = `
set -e
mount -t tmpfs -o mode=755 tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
cd "$1/root"
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
printf '#!/bin/sh\\nexit 101\\n' >usr/sbin/policy-rc.d
chmod 755 usr/sbin/policy-rc.d
[ ! -e usr/bin/mandb ] || ln -sf true usr/bin/mandb
echo ready
exec chroot . cat >/dev/null
`

export interface Ended {
  readonly code: number | null
  /** Standard output and standard error, in the order in which they came. */
  readonly output: string
}

export class Layer {
  readonly #folder: string
  readonly #holder: ChildProcess
  readonly #pid: number

  private constructor(folder: string, holder: ChildProcess, pid: number) {
    this.#folder = folder
    this.#holder = holder
    this.#pid = pid
  }

  /** Rejects with what the system says when there is no leave to make one. */
  static async open(): Promise<Layer> {
    const folder = mkdtempSync(join(tmpdir(), 'peers-layer-'))
    chmodSync(folder, 0o755)
    const args = ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', setUp, 'sh', folder]
    const holder = spawn('unshare', args, { stdio: ['pipe', 'pipe', 'pipe'] })
    const output = outputOf(holder)
    const isReady = new Promise<boolean>(resolve => {
      holder.stdout?.on('data', () => output().includes('ready') && resolve(true))
      holder.once('error', () => resolve(false))
      holder.once('close', () => resolve(false))
    })
    if (await isReady) {
      const children = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'latin1')
      return new Layer(folder, holder, Number(children.trim()))
    }
    rmSync(folder, { recursive: true, force: true })
    throw new Error(`no layer could be made: ${output().trim()}`)
  }

  /** Where a file of the layer is reached from outside. */
  path(file: string): string {
    return join(`/proc/${this.#pid}/root`, file)
  }

  write(file: string, text: string, mode = 0o644): void {
    const path = this.path(file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    chmodSync(path, mode)
  }

  read(file: string): string {
    return readFileSync(this.path(file), 'utf8')
  }

  /** Runs a program to its end. */
  async run(command: readonly string[], input: string | Buffer = ''): Promise<Ended> {
    const child = this.#enter(command, 'pipe')
    const output = outputOf(child)
    // A program that does not read its input closes it early; what it says about that is in its exit code.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, output: output() }
  }

  /** As `run`; rejects when the program fails. */
  async runOrFail(command: readonly string[], input: string | Buffer = ''): Promise<string> {
    const { code, output } = await this.run(command, input)
    if (code !== 0) throw new Error(`${command.join(' ')} failed (${code}):\n${output.trim().slice(-2000)}`)
    return output
  }

  /** Starts a program that runs until the layer is closed; its output goes to a file of the layer. */
  start(command: readonly string[], logFile: string): ChildProcess {
    return this.#enter(['sh', '-c', 'exec "$@" >"$0" 2>&1', logFile, ...command], 'ignore')
  }

  /** By apt, without what it recommends, and no service is started. Rejects with what apt says. */
  async install(packages: readonly string[]): Promise<void> {
    const apt = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', '-o', 'Dpkg::Use-Pty=0']
    apt.push('-o', 'APT::Keep-Downloaded-Packages=true', '-o', `Dir::Cache::archives=${packageCache}`)
    // What is installed is thrown away: it need not be on a disk.
    apt.push('-o', 'Dpkg::Options::=--force-unsafe-io')
    const install = [...apt, 'install', '--yes', '--no-install-recommends', ...packages]
    mkdirSync(this.path(packageCache), { recursive: true })
    const { code } = await this.run(install)
    if (code !== 0) {
      // The list of packages may be older than what the mirror has.
      await this.runOrFail([...apt, 'update'])
      await this.runOrFail(install)
    }
    mkdirSync(packageCache, { recursive: true })
    copyPackages(this.path(packageCache), packageCache)
  }

  /** Without the epoch: `1.0.3-1.1`. */
  async versionOf(name: string): Promise<string> {
    const version = await this.runOrFail(['dpkg-query', '-W', '-f', `\${Version}`, name])
    return version.replace(/^\d+:/, '')
  }

  /** Ends all its processes; all its files are gone. */
  async close(): Promise<void> {
    if (this.#holder.exitCode === null && this.#holder.signalCode === null) {
      const ended = once(this.#holder, 'exit')
      this.#holder.kill('SIGKILL')
      await ended
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #enter(command: readonly string[], stdio: 'pipe' | 'ignore'): ChildProcess {
    const into = ['--target', String(this.#pid), '--mount', '--pid', '--root', '--wd']
    return spawn('nsenter', [...into, ...command], { stdio })
  }
}

/** Those that are not there yet; several layers may have the same, and whoever looks sees them whole. */
function copyPackages(from: string, to: string): void {
  for (const name of readdirSync(from).filter(name => name.endsWith('.deb'))) {
    if (existsSync(join(to, name))) continue
    const part = join(to, `${name}.${process.pid}`)
    copyFileSync(join(from, name), part)
    renameSync(part, join(to, name))
  }
}

function outputOf({ stdout, stderr }: ChildProcess): () => string {
  const chunks: Buffer[] = []
  for (const stream of [stdout, stderr]) stream?.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString('utf8')
}
