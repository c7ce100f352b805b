// `poplar serve` as a child process of a test: started in a workplace, watched on both its outputs, ended by its pid.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cli, type Workplace } from './workplace.ts'

export interface Listener {
  readonly service: string
  readonly address: string
  readonly port: number
}

export interface ReadyLine {
  readonly ready: boolean
  readonly pid: number
  readonly data: string
  readonly listeners: readonly Listener[]
}

const running = new Set<ServerProcess>()

/** Kills what a test left running. */
export async function endServers(): Promise<void> {
  for (const server of running) await server.kill('SIGKILL')
}

export class ServerProcess {
  readonly #child: ChildProcess
  readonly #exit: Promise<number | null>
  #stdout = ''
  #stderr = ''
  #onOutput: () => void = () => {}

  constructor(place: Workplace, args: readonly string[] = [], env: Record<string, string> = {}) {
    const child = spawn(process.execPath, [cli, 'serve', ...args], {
      cwd: place.folder,
      // How the tests themselves were started is nothing to it.
      env: { ...process.env, npm_lifecycle_event: undefined, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.on('data', (chunk: Buffer) => {
      this.#stdout += chunk.toString()
      this.#onOutput()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString()
      this.#onOutput()
    })
    this.#child = child
    running.add(this)
    this.#exit = once(child, 'close').then(([code]) => {
      running.delete(this)
      this.#onOutput()
      return code as number | null
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get stdout(): string {
    return this.#stdout
  }

  get stderr(): string {
    return this.#stderr
  }

  /** The exit code, once both outputs are read to their end; null after a signal. */
  get exit(): Promise<number | null> {
    return this.#exit
  }

  /** Waits until the outputs together match; throws when the process ends before. */
  async says(pattern: RegExp): Promise<string> {
    for (;;) {
      const output = `${this.#stdout}\n${this.#stderr}`
      const found = pattern.exec(output)
      if (found) return found[0]
      if (!running.has(this)) throw new Error(`ended without ${String(pattern)}:\n${output}`)
      await new Promise<void>(resolve => {
        this.#onOutput = resolve
      })
    }
  }

  /** The line of `serve --json`. */
  async ready(): Promise<ReadyLine> {
    return JSON.parse(await this.says(/^\{"ready":true.*\}$/m)) as ReadyLine
  }

  async portOf(service: string): Promise<number> {
    const { listeners } = await this.ready()
    return listeners.find(listener => listener.service === service)?.port ?? 0
  }

  /** The lines of the log that have this text. */
  logged(text: string): Record<string, unknown>[] {
    return this.#stderr
      .split('\n')
      .filter(line => line.startsWith('{'))
      .map(line => JSON.parse(line) as Record<string, unknown>)
      .filter(({ msg }) => msg === text)
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Sends the signal and waits for the end. */
  async kill(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal)
    return this.#exit
  }

  /** Closes our end of its standard output. */
  stopReading(): void {
    this.#child.stdout?.destroy()
  }
}
