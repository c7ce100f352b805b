// What the suite makes of a fault.
import type { Outcome } from '../../../../src/conformance/case.ts'
import { openPop3Suite, type Pop3SuiteOptions } from '../../../../src/pop3/conformance/suite.ts'
import type { Fault } from './fault.ts'
import type { Offices } from './offices.ts'

export interface Trial {
  readonly fault: Fault
  /** What is wrong with the suite, or with what is known of the fault; empty when each case that is meant for it fails. */
  readonly complaints: readonly string[]
}

/** Runs the cases that are meant for the fault. */
export async function tryFault(fault: Fault, offices: Offices): Promise<Trial> {
  const { id, security = 'clear', store, caughtBy } = fault
  try {
    const optionsFor = await offices.open(fault, store)
    const outcomes = await outcomesOf({ ...optionsFor(security), only: caughtBy })
    return { fault, complaints: outcomes.filter(isNoFailure).map(outcome => `${id}: ${told(outcome)}`) }
  } catch (error) {
    return { fault, complaints: [`${id}: ${String(error)}`] }
  }
}

/** Tries all of them, as many at once as there are processes. */
export async function tryFaults(
  faults: readonly Fault[],
  processes: readonly Offices[],
): Promise<readonly Trial[]> {
  const trials: Trial[] = []
  const waiting = faults.values()
  const work = async (offices: Offices) => {
    for (const fault of waiting) trials.push(await tryFault(fault, offices))
  }
  await Promise.all(processes.map(work))
  return trials
}

export async function outcomesOf(options: Pop3SuiteOptions): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  const { runs } = await openPop3Suite(options)
  for await (const { outcome } of runs) outcomes.push(outcome)
  return outcomes
}

function isNoFailure({ outcome }: Outcome): boolean {
  return outcome !== 'fail'
}

export function told({ id, outcome, reason }: Outcome): string {
  return `${id} is ${outcome}${reason === '' ? '' : ` (${reason})`}`
}
