// Runs programs and says which are installed. A test that needs one which is absent is skipped with that reason; with
// CI=true it fails.
import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { it, type TestContext } from 'vitest'

export interface ProgramResult {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: Buffer
  readonly stderr: string
}

export interface ProgramOptions {
  readonly input?: string | Uint8Array
  readonly env?: Record<string, string>
  readonly cwd?: string
  readonly timeoutMs?: number
}

/** Runs a program to its end. Rejects only when it cannot be started. */
export function runProgram(
  command: string,
  args: readonly string[],
  { input = '', env, cwd, timeoutMs = 60_000 }: ProgramOptions = {},
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, timeout: timeoutMs })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.stdin.on('error', () => {}) // the program may end without reading its input
    child.on('error', reject)
    child.on('close', (code, signal) =>
      resolve({ code, signal, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() }),
    )
    child.stdin.end(input)
  })
}

/** Runs a program that must succeed; gives its standard output. */
export async function runOrFail(
  command: string,
  args: readonly string[],
  options?: ProgramOptions,
): Promise<Buffer> {
  const { code, signal, stdout, stderr } = await runProgram(command, args, options)
  if (code !== 0) throw new Error(`${command} ended with ${code ?? signal}\n${stderr}\n${stdout.toString()}`)
  return stdout
}

function isInstalled(program: string): boolean {
  return [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'].some(folder => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** A test that needs a program of the system. */
export function itWith(
  program: string,
  name: string,
  body: (context: TestContext) => Promise<void>,
  timeoutMs = 60_000,
): void {
  it(name, { timeout: timeoutMs }, async context => {
    if (!isInstalled(program)) {
      const reason = `${program} is not installed`
      if (process.env['CI'] === 'true') throw new Error(reason)
      context.skip(reason)
    }
    await body(context)
  })
}
