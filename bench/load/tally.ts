// Counts what is finished within the measured time: warm-up before it, running sessions brought to their end after it.
import type { MeasuredPhase, RateResult } from './job.ts'

export interface Tally {
  /** True when no new session shall begin. */
  readonly isOver: boolean
  /** One piece of work is finished now. */
  add(units: number, octets: number): void
  /** One of the sessions at once has come to its end. */
  finished(): void
  /** Ends the run: a wrong reply makes every figure worthless. */
  fail(error: Error): void
}

interface Timing {
  readonly sessions: number
  readonly warmUpMs: number
  readonly measureMs: number
}

/** Starts the work, which calls the tally as it goes, and resolves when every session has finished. */
export function measureRate(
  { sessions, warmUpMs, measureMs }: Timing,
  atPhase: (phase: MeasuredPhase) => void,
  start: (tally: Tally) => void,
): Promise<RateResult> {
  return new Promise((resolve, reject) => {
    let units = 0
    let octets = 0
    let running = sessions
    let result: RateResult | undefined
    const tally = {
      isOver: false,
      add(moreUnits: number, moreOctets: number) {
        units += moreUnits
        octets += moreOctets
      },
      finished() {
        running -= 1
        if (running === 0 && result) resolve(result)
      },
      fail: reject,
    }
    start(tally)
    setTimeout(() => {
      atPhase('begun')
      const before = { units, octets, at: performance.now(), cpu: process.cpuUsage() }
      setTimeout(() => {
        const cpu = process.cpuUsage(before.cpu)
        result = {
          units: units - before.units,
          octets: octets - before.octets,
          seconds: (performance.now() - before.at) / 1000,
          cpuSeconds: (cpu.user + cpu.system) / 1e6,
        }
        tally.isOver = true
        atPhase('ended')
      }, measureMs)
    }, warmUpMs)
  })
}
