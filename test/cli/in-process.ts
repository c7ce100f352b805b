// A command run in this process: quicker than a program by the time that takes to start, for tests of many small things.
import type { Command } from 'commander'
import { vi } from 'vitest'
import { runProgram } from '../../src/cli/program.ts'
import type { Outcome } from './workplace.ts'

/** One at a time: what is printed meanwhile counts as the command's. */
export async function runInProcess(
  commands: readonly (() => Command)[],
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const printed = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map(name =>
    vi.spyOn(process[name], 'write').mockImplementation(text => {
      printed[name] += typeof text === 'string' ? text : Buffer.from(text).toString()
      return true
    }),
  )
  const exitCode = process.exitCode
  // A program puts its listeners there once; here it would do so each time.
  const listeners = [process.stdout, process.stderr].map(
    stream => [stream, stream.listeners('error')] as const,
  )
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  try {
    process.exitCode = 0
    await runProgram(commands, ['node', 'poplar', ...args])
    return { code: Number(process.exitCode), ...printed }
  } finally {
    process.exitCode = exitCode
    vi.unstubAllEnvs()
    for (const spy of spies) spy.mockRestore()
    for (const [stream, before] of listeners)
      for (const listener of stream.listeners('error'))
        if (!before.includes(listener)) stream.off('error', listener as () => void)
  }
}
