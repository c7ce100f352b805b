// Measures what a flood of failed logins leaves of a server to the honest: see the README.
import type { MaildropFacts } from './corpus.ts'
import type { VisitCounts } from './load/job.ts'
import { runLoad } from './load-process.ts'
import type { RunningServer } from './servers/contender.ts'
import { watch } from './watch.ts'

const floodShape = {
  /** Those who fetch all the while. */
  sessions: 32,
  people: 40,
  logins: { perSecond: 20, addresses: 4, atOnce: 1000 },
  attack: { perSecond: 500, addresses: 1000 },
} as const

export async function measureFlood(
  server: RunningServer,
  maildrops: readonly MaildropFacts[],
  timing: { readonly warmUpMs: number; readonly measureMs: number },
) {
  const { pop3Port: port } = server
  const { result, phases } = await watch(server, atPhase =>
    runLoad({ kind: 'flood', port, maildrops, ...floodShape, ...timing }, atPhase),
  )
  const { quiet, flooded, attempts, logins } = result
  const [, , begun, ended] = phases
  if (!begun || !ended) throw new Error('the load process did not say when it measured')
  return {
    figures: {
      floodLogin: flooded.loginMs,
      floodRetr: (100 * flooded.retrsPerSecond) / quiet.retrsPerSecond,
    },
    cores: {
      server: (ended.cpuSeconds - begun.cpuSeconds) / flooded.seconds,
      generator: flooded.cpuSeconds / flooded.seconds,
    },
    notes: [
      `quiet: login ${quiet.loginMs.toFixed(1)} ms, ${quiet.retrsPerSecond.toFixed(0)} RETR/s`,
      `flood: ${countsText(attempts)}`,
      `honest logins of both: ${countsText(logins)}`,
    ],
    span: { from: begun.atUs, to: ended.atUs },
  }
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
