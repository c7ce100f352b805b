// A folder with a configuration in which the built command is run as a program.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { runProgram } from '../e2e/program.ts'

export const cli = resolve(import.meta.dirname, '../../dist/bin/poplar.js')

/** Passwords are hashed cheaply: what is tested here is not the hash. */
export const cheapConfig = `
hostname = "mail.test.example"
domains = ["mail.test.example", "example.net"]
[listen]
[auth]
argon2_memory = "8MiB"
argon2_passes = 1
`

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), 'poplar-cli-'))

  constructor(config = cheapConfig) {
    this.configure(config)
  }

  /** Writes `poplar.toml`, which commands find by themselves. */
  configure(config: string): void {
    writeFileSync(join(this.folder, 'poplar.toml'), config)
  }

  /** Runs `poplar` with the arguments, words parted by spaces. */
  async run(
    args: string | readonly string[],
    input = '',
    env: Record<string, string> = {},
  ): Promise<Outcome> {
    const words = typeof args === 'string' ? args.split(' ').filter(Boolean) : args
    const { code, stdout, stderr } = await runProgram(process.execPath, [cli, ...words], {
      cwd: this.folder,
      input,
      env,
    })
    return { code, stdout: stdout.toString(), stderr }
  }

  /** Runs `poplar` with `--json` and gives what it printed. */
  async json(args: string): Promise<unknown> {
    const { code, stdout, stderr } = await this.run(`${args} --json`)
    if (code !== 0) throw new Error(`poplar ${args} ended with ${code}: ${stderr}`)
    return JSON.parse(stdout)
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
