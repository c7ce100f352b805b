// Stores letters in a process of its own (`programs/store-letters.mjs`), which kills itself at the n-th thing that it does to
// the file system: one letter after another, each killed one step later than the one before, until one gets through.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect } from 'vitest'
import { runProgram } from '../../../e2e/program.ts'
import type { TestLetter } from './letters.ts'

const program = resolve(import.meta.dirname, 'programs/store-letters.mjs')
/** No letter takes so many steps. */
const maxSteps = 60

export interface KillRun {
  readonly kind: 'maildir' | 'mbox'
  readonly path: string
  /** For the files of the test. */
  readonly folder: string
  readonly letterOf: (number: number) => TestLetter
}

/**
 * Gives the letters, each of which has to be there once. A killed letter is stored anew by the next process: `first`, before
 * another letter; or only by the process after that.
 */
export async function storeKilledAtEveryStep(run: KillRun, again: 'first' | 'late'): Promise<TestLetter[]> {
  const letters: TestLetter[] = []
  for (let step = 1; step <= maxSteps; step++) {
    const letter = run.letterOf(step)
    const killed = letters.at(again === 'first' ? -1 : -2)
    letters.push(letter)
    const { signal, code, stderr } = await storeOnce(run, killed ? [killed, letter] : [letter], step)
    if (signal === 'SIGKILL') continue
    expect([code, stderr]).toEqual([0, ''])
    await storeOnce(run, letters.slice(-2), 0)
    expect(step).toBeGreaterThan(8)
    return letters
  }
  throw new Error(`a letter takes more than ${maxSteps} steps`)
}

/** Stores them all, over and over, each time killed when it has said so many outcomes more than the time before. */
export async function storeKilledInFlight(
  run: KillRun,
  letters: readonly TestLetter[],
  pace: number,
): Promise<void> {
  const file = join(run.folder, 'letters')
  writeFileSync(file, lettersText(letters))
  for (let said = pace; ; said += pace) {
    const child = spawn(process.execPath, [program, run.kind, run.path, file, '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let lines = 0
    child.stdout.on('data', (chunk: Buffer) => {
      lines += chunk.toString().split('\n').length - 1
      if (lines >= said) child.kill('SIGKILL')
    })
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    if (code === 0) return
    expect(signal).toBe('SIGKILL')
  }
}

/** Lines of key and outcome. */
export function storeOnce({ kind, path, folder }: KillRun, letters: readonly TestLetter[], killAt: number) {
  const file = join(folder, 'letters')
  writeFileSync(file, lettersText(letters))
  return runProgram(process.execPath, [program, kind, path, file, String(killAt)])
}

function lettersText(letters: readonly TestLetter[]): string {
  return letters
    .map(({ content, deliveryKey, digest, octets, source, reversePath }) =>
      JSON.stringify({
        ...{ deliveryKey, digest, octets, source, reversePath },
        body: content.toString('base64'),
      }),
    )
    .join('\n')
}
