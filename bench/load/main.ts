// The load process: takes one job from its parent, sends one result back. A process of its own, so that its work is
// never counted as the server's, nor slowed by the benchmark's.
import { runFloodLoad } from './flood-load.ts'
import { runIdleLoad } from './idle-load.ts'
import type { Job, MeasuredPhase } from './job.ts'
import { runListingLoad } from './listing-load.ts'
import { runLmtpLoad } from './lmtp-load.ts'
import { runPop3Load } from './pop3-load.ts'

/** What the load process sends: that the measured time begins or ends, a step done, its one result, or why there is none. */
export type LoadReport =
  | { readonly phase: MeasuredPhase }
  | { readonly step: string }
  | { readonly result: unknown }
  | { readonly error: string }

function run(job: Job): Promise<unknown> {
  switch (job.kind) {
    case 'pop3':
      return runPop3Load(job, phase => send({ phase }))
    case 'lmtp':
      return runLmtpLoad(job, phase => send({ phase }))
    case 'listing':
      return runListingLoad(job)
    case 'idle':
      return runIdleLoad(job, step => send({ step }))
    case 'flood':
      return runFloodLoad(job, phase => send({ phase }))
  }
}

function send(report: LoadReport): void {
  process.send?.(report)
}

process.once('message', (job: Job) => {
  run(job).then(
    result => process.send?.({ result } satisfies LoadReport, () => process.exit(0)),
    (error: unknown) => {
      const text = error instanceof Error ? error.message : String(error)
      process.send?.({ error: text } satisfies LoadReport, () => process.exit(1))
    },
  )
})
process.on('disconnect', () => process.exit(0))
