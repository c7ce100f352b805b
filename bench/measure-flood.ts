// Measures what a flood of failed logins, or of connections, leaves of a server to the honest: see the README.
import type { MaildropFacts } from './corpus.ts'
import type { HonestFigures, VisitCounts } from './load/job.ts'
import { runLoad } from './load-process.ts'
import type { RunningServer } from './servers/contender.ts'
import { watch } from './watch.ts'

const floodShape = {
  /** Those who fetch all the while. */
  sessions: 32,
  people: 40,
  logins: { perSecond: 20, addresses: 4, atOnce: 1000 },
  attack: { kind: 'login', perSecond: 500, addresses: 1000 },
} as const
/** Nobody else is at work, so that a quiet login is as fast as it can be. */
const shedShape = {
  ...floodShape,
  sessions: 0,
  attack: { kind: 'knock', perSecond: 2000, addresses: 16 },
} as const
type Shape = typeof floodShape | typeof shedShape
interface Timing {
  readonly warmUpMs: number
  readonly measureMs: number
}

/** Failed logins beside honest ones, and beside RETRs. */
export async function measureFlood(
  server: RunningServer,
  maildrops: readonly MaildropFacts[],
  timing: Timing,
) {
  const { quiet, flooded, ...others } = await measureBoth(server, maildrops, floodShape, timing)
  return {
    figures: {
      floodLogin: flooded.loginMs,
      floodRetr: (100 * flooded.retrsPerSecond) / quiet.retrsPerSecond,
    },
    ...others,
  }
}

/** Connections that are opened and dropped, beside honest logins. */
export async function measureShedding(
  server: RunningServer,
  maildrops: readonly MaildropFacts[],
  timing: Timing,
) {
  const { quiet, flooded, ...others } = await measureBoth(server, maildrops, shedShape, timing)
  return { figures: { shedLogin: flooded.loginMs / quiet.loginMs }, ...others }
}

async function measureBoth(
  server: RunningServer,
  maildrops: readonly MaildropFacts[],
  shape: Shape,
  timing: Timing,
) {
  const { pop3Port: port } = server
  const { result, phases } = await watch(server, atPhase =>
    runLoad({ kind: 'flood', port, maildrops, ...shape, ...timing }, atPhase),
  )
  const { quiet, flooded, attempts, logins } = result
  const [, , begun, ended] = phases
  if (!begun || !ended) throw new Error('the load process did not say when it measured')
  return {
    quiet,
    flooded,
    cores: {
      server: (ended.cpuSeconds - begun.cpuSeconds) / flooded.seconds,
      generator: flooded.cpuSeconds / flooded.seconds,
    },
    notes: [
      `quiet: ${honestText(quiet)}`,
      `flood: ${honestText(flooded)}, ${countsText(attempts)}`,
      `honest logins of both: ${countsText(logins)}`,
    ],
    span: { from: begun.atUs, to: ended.atUs },
  }
}

function honestText({ loginMs, retrsPerSecond }: HonestFigures): string {
  const retrs = retrsPerSecond > 0 ? `, ${retrsPerSecond.toFixed(0)} RETR/s` : ''
  return `login ${loginMs.toFixed(1)} ms${retrs}`
}

/** `500 begun, 480 refused, 20 unanswered`: without what did not happen. */
function countsText(counts: VisitCounts): string {
  return (Object.keys(visitWords) as (keyof VisitCounts)[])
    .filter(name => counts[name] > 0)
    .map(name => `${counts[name]} ${visitWords[name]}`)
    .join(', ')
}

const visitWords: Readonly<Record<keyof VisitCounts, string>> = {
  begun: 'begun',
  leftOut: 'left out',
  letIn: 'let in',
  refused: 'refused',
  turnedAway: 'turned away',
  unanswered: 'unanswered',
}
