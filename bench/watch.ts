// Watches a server over the times that a load process says it measures.
import { execFileSync } from 'node:child_process'
import type { RunningServer } from './servers/contender.ts'
import { familyCpuSeconds } from './servers/processes.ts'

/** How the server stood when a measured time began or ended. */
export interface Phase {
  readonly cpuSeconds: number
  readonly atUs: number
}

/** Runs the load; gives its result, and a phase for each time that it called. */
export async function watch<T>({ pid }: RunningServer, run: (atPhase: () => void) => Promise<T>) {
  // What an earlier measurement left to be written shall not slow this one.
  execFileSync('sync')
  const phases: Phase[] = []
  const result = await run(() =>
    phases.push({ cpuSeconds: familyCpuSeconds(pid), atUs: Number(process.hrtime.bigint() / 1000n) }),
  )
  return { result, phases }
}
