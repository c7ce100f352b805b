// A flood of failed logins, or of connections alone, at a fixed rate, beside honest logins at a modest one and RETRs in sessions that are open
// already: first the honest alone, then with the flood.
import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../statistics.ts'
import { attackerOf, honestVisitorOf, type Visitor } from './flood-schedule.ts'
import type { FloodJob, FloodResult, HonestFigures, MeasuredPhase } from './job.ts'
import { LoadSession } from './load-session.ts'
import { checkMaildrop } from './pop3-client.ts'
import { stepsOf } from './script.ts'
import { knock, type Outcome, visit } from './visit.ts'
import { Visits } from './visits.ts'

/** More than a reader gets through in a run. */
const passesOfReader = 2000
/** Attempts that may wait for their answer at once: what a server delays, it must hold. */
const attemptsAtOnce = 3000

/** Never resolves to figures when a reader was sent one wrong octet. */
export function runFloodLoad(job: FloodJob, atPhase: (phase: MeasuredPhase) => void): Promise<FloodResult> {
  return new Promise((resolve, reject) => {
    measureBoth(job, atPhase, reject).then(resolve, reject)
  })
}

async function measureBoth(
  job: FloodJob,
  atPhase: (phase: MeasuredPhase) => void,
  fail: (error: Error) => void,
): Promise<FloodResult> {
  const { port, maildrops, people, attack, warmUpMs, measureMs } = job
  const homes = maildrops.slice(0, people)
  for (let person = 0; person < people; person++) {
    await logInOnce(port, honestVisitorOf(person, job.logins.addresses, homes))
  }
  const readers = await openReaders(job, fail)
  const honest = new Visits(port, { ...job.logins, atMost: Number.POSITIVE_INFINITY }, index =>
    honestVisitorOf(index, job.logins.addresses, homes),
  )
  const measure = async (): Promise<HonestFigures> => {
    await sleep(warmUpMs)
    atPhase('begun')
    honest.startTiming()
    const before = { messages: readers.messages, at: performance.now(), cpu: process.cpuUsage() }
    await sleep(measureMs)
    const cpu = process.cpuUsage(before.cpu)
    const seconds = (performance.now() - before.at) / 1000
    atPhase('ended')
    const timesMs = honest.timesMs()
    return {
      logins: timesMs.length,
      loginMs: median(timesMs),
      retrsPerSecond: (readers.messages - before.messages) / seconds,
      seconds,
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
    }
  }
  const quiet = await measure()
  const atMost = Math.ceil((attack.perSecond * (warmUpMs + measureMs)) / 1000)
  const flood = new Visits(
    port,
    { ...attack, atMost, atOnce: attemptsAtOnce },
    index => attackerOf(index, attack.addresses, maildrops),
    attack.kind === 'knock' ? knock : visit,
  )
  const flooded = await measure()
  const [attempts, logins] = [flood.end(), honest.end()]
  if (attack.kind === 'login' && attempts.letIn > 0)
    throw new Error(`${attempts.letIn} wrong passwords were let in`)
  return { quiet, flooded, attempts, logins }
}

/** So that the server knows the person and the address. */
async function logInOnce(port: number, visitor: Visitor): Promise<void> {
  const outcome = await new Promise<Outcome>(resolve => {
    visit(port, visitor, resolve)
  })
  if (outcome !== 'let-in') throw new Error(`${visitor.name} was ${outcome} before the flood began`)
}

/** Sessions that fetch message after message until the process ends. */
async function openReaders({ port, maildrops, people, sessions }: FloodJob, fail: (error: Error) => void) {
  const readers = { messages: 0 }
  for (const maildrop of maildrops.slice(people, people + sessions)) {
    const checked = await checkMaildrop(port, maildrop)
    const steps = stepsOf({ script: 'fetch', login: 'password', passes: passesOfReader }, maildrop, checked)
    new LoadSession(
      port,
      { name: maildrop.name, steps },
      {
        message: () => {
          readers.messages += 1
        },
        done: () => fail(new Error('a session had nothing more to fetch')),
        failed: fail,
      },
    )
  }
  return readers
}
