// Runs one load process and speaks with it.
import { fork } from 'node:child_process'
import { join } from 'node:path'
import type {
  FloodJob,
  FloodResult,
  IdleJob,
  IdleStep,
  Job,
  ListingJob,
  LmtpJob,
  Pop3Job,
  RateResult,
  Visit,
} from './load/job.ts'
import type { LoadReport } from './load/main.ts'

const script = join(import.meta.dirname, 'load', 'main.js')

/** Does the job in a process of its own. Rejects when anything was not as it should be. */
export function runLoad(job: Pop3Job | LmtpJob, atPhase: () => void): Promise<RateResult>
export function runLoad(job: FloodJob, atPhase: () => void): Promise<FloodResult>
export function runLoad(job: ListingJob): Promise<readonly Visit[]>
export function runLoad(job: Exclude<Job, IdleJob>, atPhase?: () => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = fork(script, { execArgv: [] })
    child.on('message', (report: LoadReport) => {
      if ('phase' in report) atPhase?.()
      else if ('error' in report) reject(new Error(report.error))
      else if ('result' in report) resolve(report.result)
    })
    child.on('error', reject)
    child.on('exit', code => reject(new Error(`the load process ended with exit code ${code}`)))
    child.send(job)
  })
}

export interface IdleSessions {
  /** Does one step and waits until it is done. */
  do(step: IdleStep): Promise<void>
  end(): void
}

/** Starts a process that logs in, holds and closes many sessions as it is told. */
export function startIdleLoad(job: IdleJob): IdleSessions {
  const child = fork(script, { execArgv: [] })
  child.send(job)
  return {
    do: step =>
      new Promise((resolve, reject) => {
        child.removeAllListeners()
        child.on('message', (report: LoadReport) => {
          if ('error' in report) reject(new Error(report.error))
          else resolve()
        })
        child.on('exit', code => reject(new Error(`the load process ended with exit code ${code}`)))
        child.send(step)
      }),
    end: () => child.disconnect(),
  }
}
